import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { noMember, index as toIndex } from '../numbers.js';
import type { HardState, SnapshotMark } from '../raft/types.js';
import { EntryTable } from './entry-table.js';
import { attempt } from './failures.js';
import { type Ahead, preparingName, Segment } from './segment.js';

/** What a log begins with in memory: that of a new one, or what was read back. */
export interface Content {
  readonly identity: Uint8Array;
  readonly hardState: HardState;
  readonly mark: SnapshotMark;
  readonly table: EntryTable;
  /** In order; the log goes on in the last one, `current`. */
  readonly segments: readonly Segment[];
  readonly current: Segment;
}

/** The first segment of a new log, durable when it resolves. */
export async function createContent(
  disk: Disk,
  folder: string,
  identity: Uint8Array,
  mark: SnapshotMark,
  ahead: Ahead,
): Promise<Content> {
  await attempt(folder, 'creating', 0, () => disk.makeFolder(folder));
  if ((await disk.list(folder)).includes(preparingName)) await disk.remove(join(folder, preparingName));
  const hardState: HardState = { term: mark.term, vote: noMember, commit: mark.index };
  const known = { identity: Uint8Array.from(identity), hardState, mark };
  const place = { sequence: 1, previousEnd: 0, anew: true, last: mark.index };
  const { segment, beginning } = Segment.plan(folder, { ...known, ...place });
  await segment.make(disk, folder, beginning, ahead);
  const table = new EntryTable(toIndex(mark.index + 1));
  return { ...known, table, segments: [segment], current: segment };
}
