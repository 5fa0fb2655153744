import test from 'ava';
import { IntervalIndex, noEnd } from '../../../cluster/watch/interval-index.js';
import { seededRandom } from '../raft/seeded-random.js';

interface Interval {
  readonly from: string;
  readonly to: string;
  readonly n: number;
}

test('a key finds the intervals that hold it, and no others, whatever was added and taken out', (t) => {
  const random = seededRandom(7);
  const below = (bound: number): number => Math.floor(random() * bound);
  const text = (): string => Array.from({ length: 1 + below(3) }, () => 'ab\xff'[below(3)]).join('');
  const index = new IntervalIndex<Interval>();
  const there: Interval[] = [];
  for (let n = 0; n < 3000; n++) {
    if (random() < 0.6 || there.length === 0) {
      const [from = '', to = ''] = [text(), text()].sort();
      const interval = { from, to: random() < 0.1 ? noEnd : to, n };
      index.add(interval.from, interval.to, interval);
      there.push(interval);
    } else {
      const [gone] = there.splice(below(there.length), 1);
      if (gone !== undefined) index.delete(gone.from, gone.to, gone);
    }
    const [key, found] = [text(), [] as number[]];
    index.visit(key, (interval) => found.push(interval.n));
    const expected = there.filter(({ from, to }) => from <= key && key < to).map((interval) => interval.n);
    t.deepEqual(
      found.sort((a, b) => a - b),
      expected,
      key,
    );
  }
});

test('taking out what is not there changes nothing', (t) => {
  const index = new IntervalIndex<number>();
  index.add('a', 'c', 1);
  index.delete('a', 'b', 1);
  index.delete('a', 'c', 2);
  index.delete('x', 'y', 1);
  const found: number[] = [];
  index.visit('b', (n) => found.push(n));
  t.deepEqual(found, [1]);
});

test('ten thousand intervals, added in order, are neither deep nor looked through', (t) => {
  const index = new IntervalIndex<number>();
  const key = (n: number): string => String(n).padStart(6, '0');
  for (let n = 0; n < 10_000; n++) index.add(key(n), key(n + 1), n);
  const begun = performance.now();
  for (let n = 0; n < 10_000; n++) {
    const found: number[] = [];
    index.visit(key(n), (each) => found.push(each));
    if (found.length !== 1 || found[0] !== n) t.fail(`${key(n)} found ${found}`);
  }
  // Looked through, it would be fifty million comparisons.
  t.true(performance.now() - begun < 2000);
});
