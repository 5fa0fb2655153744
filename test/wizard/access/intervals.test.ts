import test from 'ava';
import fc from 'fast-check';
import { contains, type Intervals, minus, union } from '../../../wizard/access/intervals.js';

const key = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\u00ff'), maxLength: 3 });
const interval = fc
  .tuple(key, fc.option(key, { nil: undefined }))
  .filter(([from, to]) => to === undefined || from < to)
  .map(([from, to]) => ({ from, to }));
const set = fc.array(interval, { maxLength: 6 }).map(union);

test('a set holds what any of its intervals holds, and is written in one way only', (t) => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 6 }), key, (intervals, probe) => {
      const whole = union(intervals);
      const held = intervals.some(({ from, to }) => from <= probe && (to === undefined || probe < to));
      const gaps = whole.every(
        ({ to }, at) => at === whole.length - 1 || (to !== undefined && to < (whole[at + 1]?.from ?? '')),
      );
      return contains(whole, probe) === held && gaps;
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('a difference holds what the one has and the other has not', (t) => {
  fc.assert(
    fc.property(set, set, key, (a: Intervals, b: Intervals, probe) => {
      const difference = minus(a, b);
      const normal = JSON.stringify(union(difference)) === JSON.stringify(difference);
      return normal && contains(difference, probe) === (contains(a, probe) && !contains(b, probe));
    }),
    { numRuns: 5000 },
  );
  t.pass();
});
