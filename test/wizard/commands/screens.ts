import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ExecutionContext } from 'ava';
import { observeMachine } from '../../../wizard/questions/observation.js';
import type { Pane } from './tmux.js';

// What a terminal shows, step by step, as a file to be read: QUORATE_GOLDEN=rewrite writes it anew.

const folder = new URL('../../../../test/golden/screens/', import.meta.url);

export interface Film {
  /** Waits for the pattern, which is to be the last that comes on the screen, and keeps what stands there. */
  take(title: string, pattern: RegExp): Promise<void>;
  /** Compares all that was taken with test/golden/screens/NAME.txt. */
  end(): void;
}

/** What differs from run to run where members run: what they are given, and when. */
export const withoutChances = (screen: string): string =>
  screen
    .replace(/(?:leader|follower) +(https:\S+) +\d+ +\d+ +\d+ +\d+ +[\d.]+ MB/g, 'LEADER OR NOT  $1  AND SO ON')
    .replace(/\b[0-9a-f]{32}\b/g, 'SERIAL')
    .replace(/pki-[0-9a-f]{16}/g, 'pki-NUMBER')
    .replace(/\d{8}T\d{6}Z|\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replace(/(?<=127\.0\.0\.1:|,|Port: )\d{4,5}\b/g, 'PORT')
    .replace(/(?<=\S) {2,}/g, '  ');

/**
 * @param dir stands as DIR in what is kept
 * @param also is done to each screen before it is kept
 */
export function film(
  t: ExecutionContext,
  pane: Pane,
  name: string,
  dir: string,
  also = (screen: string): string => screen,
): Film {
  const kept: string[] = [];
  const { address = 'NONE' } = observeMachine();
  const normal = (screen: string): string =>
    also(screen)
      .replaceAll(dir, 'DIR')
      .replaceAll(dirname(dir), 'FOLDER')
      // A machine without an address proposes a name.
      .replaceAll(`m1 ${address}:2379`, 'm1 m1:2379')
      .replace(/[ \t]+$/gm, '')
      .replace(/; this host has (systemd|one)$/gm, '')
      .replace(/which (is installed on this machine|has to be installed)/g, 'which IS OR IS NOT HERE')
      .trim();
  return {
    async take(title, pattern) {
      kept.push(`=== ${title}\n${normal(await pane.shows(pattern))}\n`);
    },
    end() {
      const file = new URL(`${name}.txt`, folder);
      const text = kept.join('\n');
      if (process.env.QUORATE_GOLDEN === 'rewrite') {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, text);
      }
      t.is(text, readFileSync(file, 'utf8'));
    },
  };
}
