import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** @param dir stands as DIR in what is kept */
export function film(t: ExecutionContext, pane: Pane, name: string, dir: string): Film {
  const kept: string[] = [];
  const { address = 'NONE' } = observeMachine();
  const normal = (screen: string): string =>
    screen
      .replaceAll(dir, 'DIR')
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
