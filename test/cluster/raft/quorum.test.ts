import test from 'ava';
import fc from 'fast-check';
import { memberId } from '../../../cluster/numbers.js';
import { Quorum } from '../../../cluster/raft/quorum.js';

const ids = (...numbers: number[]) => numbers.map((id) => memberId(BigInt(id)));
const quorum = (voters: number[], outgoing: number[] = []) =>
  new Quorum({ voters: ids(...voters), outgoing: ids(...outgoing), learners: [] });
const votes = (...granted: [number, boolean][]) => new Map(granted.map(([id, is]) => [memberId(BigInt(id)), is]));

test('a majority has reached the middle of the values', (t) => {
  for (const [values, reached] of [
    [[7], 7],
    [[7, 3], 3],
    [[9, 4, 7], 7],
    [[9, 4, 7, 2], 4],
    [[5, 5, 1, 9, 2], 5],
  ] as const) {
    const of = quorum(values.map((_, at) => at + 1));
    t.is(
      of.reached((id) => values[Number(id) - 1] ?? 0),
      reached,
    );
  }
});

test('what is reached, for any values, is the highest that a majority of each half has', (t) => {
  const half = fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
  const values = fc.array(fc.nat(9), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(half, fc.option(half), values, (voters, outgoing, of) => {
      const valueAt = (id: number | bigint) => of[Number(id)] ?? 0;
      const has = (group: number[], value: number) =>
        group.filter((id) => valueAt(id) >= value).length * 2 > group.length;
      const groups = outgoing === null ? [voters] : [voters, outgoing];
      const highest = of.concat(0).filter((value) => groups.every((group) => has(group, value)));
      t.is(quorum(voters, outgoing ?? []).reached(valueAt), Math.max(...highest));
    }),
  );
});

test('a joint quorum needs a majority of both halves', (t) => {
  const joint = quorum([1, 2, 3], [3, 4, 5]);
  const [inBoth, inOne] = [new Set([1n, 3n, 4n]), new Set([1n, 2n, 3n])];
  t.true(joint.holds((id) => inBoth.has(id)));
  t.false(joint.holds((id) => inOne.has(id)));
  t.is(joint.tally(votes([1, true], [2, true], [3, true])), 'pending');
  t.is(joint.tally(votes([1, true], [2, true], [3, true], [5, true])), 'won');
  t.is(joint.tally(votes([1, true], [2, true], [4, false], [5, false])), 'lost');
});

test('a vote is lost as soon as no majority can grant it any more', (t) => {
  const four = quorum([1, 2, 3, 4]);
  t.is(four.tally(votes([1, true], [2, true], [3, false])), 'pending');
  t.is(four.tally(votes([1, true], [2, true], [3, false], [4, false])), 'lost');
  t.is(four.tally(votes([1, true], [2, false], [3, false])), 'lost');
  t.is(four.tally(votes([1, true], [2, true], [9, true])), 'pending');
});

test('nobody wins where nobody votes', (t) => {
  t.is(quorum([]).tally(votes([1, true])), 'lost');
  t.is(
    quorum([]).reached(() => 9),
    0,
  );
});
