import type { Release } from '../../run/engine.js';
import { type Diagnosis, note } from '../diagnosis.js';
import { addressRules } from './addresses.js';
import { certificateRules } from './certificates.js';
import { flagRules } from './flags.js';
import { namedFileTroubles } from './named-files.js';
import { podRule } from './pods.js';
import { settingsIn } from './read.js';
import type { Rule, Written } from './rule.js';

const rules: readonly Rule[] = [...addressRules, ...certificateRules, ...flagRules, podRule];

/** What is wrong with a file's settings. @param here the etcd of this machine; undefined where there is none */
export function settingsTroubles(text: string, where: string, here?: Release): Diagnosis[] {
  return troublesOf(readWritten(text, where, here));
}

/** The same, and what is wrong with the files that they name, where those are on this machine. */
export async function writtenTroubles(
  text: string,
  where: string,
  here: Release | undefined,
  now: Date,
): Promise<Diagnosis[]> {
  const written = readWritten(text, where, here);
  const found = [...troublesOf(written), ...(await namedFileTroubles(written, now))];
  if (found.length > 0 || written.settings.size > 0) return found;
  const next = 'name the unit, the manifest or the file that an etcd is started with';
  return [note('no-settings', where, 'no setting of etcd is in it', next)];
}

const troublesOf = (written: Written): Diagnosis[] => rules.flatMap((rule) => rule(written));

const readWritten = (text: string, where: string, here: Release | undefined): Written => ({
  ...{ settings: settingsIn(text), text, where },
  etcd: imageRelease(text) ?? here,
});

/** A manifest says which etcd it starts. */
function imageRelease(text: string): Release | undefined {
  const [, major, minor] =
    /\bimage:[ \t]*["']?[\w.:/@-]{0,200}etcd[\w.-]{0,40}:v?(\d{1,3})\.(\d{1,3})\b/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}
