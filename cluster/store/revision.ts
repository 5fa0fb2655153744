import { type Revision, revision } from '../numbers.js';
import type { Compaction } from './compaction.js';
import type { History } from './history.js';

/** The record of the latest revision can only be missing when that revision was a deletion, and is compacted. */
export const latestOf = (history: History, compaction: Compaction): Revision =>
  revision(Math.max(1, history.latest(), compaction.revision));
