import type { KeyRange } from '../operations/kv.js';

// A permission is an interval of keys, and a user's permissions are the union of many:
//
//   a ──── c        point "c" is [c, c\0), so it closes the gap
//          c
//          c\0 ──── f
//   a ───────────── f   after merging: one interval, which contains the request [b, d)

/** `from` <= key < `to`; `to` absent: no end. */
export interface Interval {
  readonly from: Uint8Array;
  readonly to: Uint8Array | undefined;
}

/** The keys that the range names, by etcd's conventions for its end. */
export function intervalOf({ key, end }: KeyRange): Interval {
  if (end === undefined || end.length === 0) return { from: key, to: Buffer.concat([key, Buffer.of(0)]) };
  return { from: key, to: end.length === 1 && end[0] === 0 ? undefined : end };
}

/** The union, as disjoint intervals in order of their keys. */
export function mergeIntervals(intervals: readonly Interval[]): readonly Interval[] {
  const merged: Interval[] = [];
  for (const next of intervals.filter(isNotEmpty).sort((a, b) => Buffer.compare(a.from, b.from))) {
    const last = merged.at(-1);
    if (last === undefined || isBefore(last, next.from)) merged.push(next);
    else merged[merged.length - 1] = { from: last.from, to: later(last.to, next.to) };
  }
  return merged;
}

/** Whether one of the merged intervals holds all of the wanted one. */
export function covers(merged: readonly Interval[], wanted: Interval): boolean {
  const candidate = lastStartingAt(merged, wanted.from);
  if (candidate === undefined) return false;
  if (candidate.to === undefined) return true;
  if (wanted.to === undefined || Buffer.compare(wanted.from, candidate.to) >= 0) return false;
  return Buffer.compare(wanted.to, candidate.to) <= 0;
}

const isNotEmpty = ({ from, to }: Interval): boolean => to === undefined || Buffer.compare(from, to) < 0;

const isBefore = ({ to }: Interval, key: Uint8Array): boolean => to !== undefined && Buffer.compare(to, key) < 0;

const later = (a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined =>
  a === undefined || b === undefined ? undefined : Buffer.compare(a, b) < 0 ? b : a;

/** The last interval with `from` <= key: the only one that can hold the key. */
function lastStartingAt(merged: readonly Interval[], key: Uint8Array): Interval | undefined {
  let low = 0;
  let high = merged.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const interval = merged[middle];
    if (interval !== undefined && Buffer.compare(interval.from, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return merged[low - 1];
}
