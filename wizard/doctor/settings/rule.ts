import type { Release } from '../../run/engine.js';
import type { Diagnosis } from '../diagnosis.js';
import type { Settings } from './read.js';

/** What somebody wrote for etcd. */
export interface Written {
  readonly settings: Settings;
  readonly text: string;
  /** Its path. */
  readonly where: string;
  /** The etcd that it is for; undefined where nothing tells. */
  readonly etcd: Release | undefined;
}

export type Rule = (written: Written) => readonly Diagnosis[];

/** Of the client port and of the peers' port, as flags begin. */
export const prefixes = ['', 'peer-'] as const;

export const isFrom = ([major, minor]: Release, [sinceMajor, sinceMinor]: Release): boolean =>
  major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
