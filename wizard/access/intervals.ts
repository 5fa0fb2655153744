// Sets of keys, as sets of intervals: two permissions that are written differently can grant the same.

/** A key, each byte one character from U+0000 to U+00FF: such strings compare as etcd compares bytes. */
export type Key = string;

/** The keys from `from` up to but without `to`; without an end when that is undefined. Never empty. */
export interface Interval {
  readonly from: Key;
  readonly to: Key | undefined;
}

/** Sorted, with a gap between each and the next: equal sets are equal lists. */
export type Intervals = readonly Interval[];

export const everything: Intervals = [{ from: '', to: undefined }];

const before = (a: Key | undefined, b: Key | undefined): boolean => a !== undefined && (b === undefined || a < b);
const later = (a: Key | undefined, b: Key | undefined): Key | undefined => (before(a, b) ? b : a);

/** The set of all keys in any of them, in whatever order they come. */
export function union(intervals: Iterable<Interval>): Intervals {
  const merged: Interval[] = [];
  for (const interval of [...intervals].sort((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = merged.at(-1);
    if (last === undefined || before(last.to, interval.from)) merged.push(interval);
    else merged[merged.length - 1] = { from: last.from, to: later(last.to, interval.to) };
  }
  return merged;
}

/** The keys in `a` that are not in `b`. */
export function minus(a: Intervals, b: Intervals): Intervals {
  const left: Interval[] = [];
  let next = 0;
  for (const { from, to } of a) {
    let start: Key | undefined = from;
    while (next < b.length && !before(from, b[next]?.to)) next += 1;
    for (const hole of b.slice(next)) {
      if (start === undefined || !before(hole.from, to)) break;
      if (start < hole.from) left.push({ from: start, to: hole.from });
      start = hole.to;
    }
    if (start !== undefined && before(start, to)) left.push({ from: start, to });
  }
  return left;
}

/** Whether every key of `b` is in `a`. */
export const covers = (a: Intervals, b: Intervals): boolean => minus(b, a).length === 0;

export const contains = (set: Intervals, key: Key): boolean =>
  set.some(({ from, to }) => from <= key && before(key, to));
