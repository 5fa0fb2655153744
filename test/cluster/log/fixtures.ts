import { Log, type LogOptions } from '../../../cluster/log/log.js';
import { memberId, index as toIndex, term as toTerm } from '../../../cluster/numbers.js';
import type { Entry, EntryKind, HardState, SnapshotMark } from '../../../cluster/raft/types.js';
import { SimulatedDisk } from '../../simulation/disk.js';

export const folder = '/data/log';
export const identity = Uint8Array.of(1, 2, 3, 4);
export const smallSegments: LogOptions = { segmentBytes: 4096, chunkBytes: 1024, cacheBytes: 2048 };

export const markAt = (index: number, term: number): SnapshotMark => ({
  index: toIndex(index),
  term: toTerm(term),
  membership: { voters: [memberId(2n ** 64n - 1n), memberId(7n)], outgoing: [memberId(9n)], learners: [] },
});

export const entryAt = (
  index: number,
  term: number,
  data: Uint8Array | string = `${index}`,
  kind: EntryKind = 'command',
): Entry => ({
  index: toIndex(index),
  term: toTerm(term),
  kind,
  data: Buffer.from(data),
});

export const entriesFrom = (from: number, to: number, term: number, dataBytes = 100): Entry[] =>
  Array.from({ length: to - from }, (_, place) => entryAt(from + place, term, Buffer.alloc(dataBytes, from + place)));

export const stateAt = (term: number, vote: bigint, commit: number): HardState => ({
  term: toTerm(term),
  vote: memberId(vote),
  commit: toIndex(commit),
});

/** All entries that the log has, with plain bytes so that they compare. */
export const contents = (log: Log): Entry[] =>
  (log.entries(log.firstIndex(), toIndex(log.lastIndex() + 1), Number.POSITIVE_INFINITY) ?? []).map((entry) => ({
    ...entry,
    data: Buffer.from(entry.data),
  }));

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const newDisk = (seed = 1): SimulatedDisk => new SimulatedDisk(seeded(seed));

export const newLog = (disk: SimulatedDisk, options: LogOptions = smallSegments): Promise<Log> =>
  Log.create(disk, folder, identity, markAt(0, 0), options);

export const reopened = (disk: SimulatedDisk, options: LogOptions = smallSegments): Promise<Log> =>
  Log.open(disk, folder, options);
