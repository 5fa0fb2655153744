import test from 'ava';
import fc from 'fast-check';
import { index, term } from '../../../cluster/numbers.js';
import { Durability } from '../../../cluster/raft/durability.js';

const reached = (durability: Durability) => Number(durability.index);

test('writes count as they finish, several at once when only the last is reported', (t) => {
  const durability = new Durability(index(2));
  durability.taken(index(3), index(4), term(1));
  durability.taken(index(5), index(5), term(1));
  durability.taken(index(6), index(9), term(1));
  durability.finished(index(5), term(1));
  t.is(reached(durability), 5);
  durability.finished(index(4), term(1));
  t.is(reached(durability), 5);
  durability.finished(index(9), term(1));
  t.is(reached(durability), 9);
});

test('what a later write overwrites is not durable, even when an entry comes back', (t) => {
  const durability = new Durability(index(2));
  durability.taken(index(3), index(5), term(2));
  durability.taken(index(5), index(5), term(3));
  durability.taken(index(5), index(5), term(2));
  durability.finished(index(5), term(2));
  t.is(reached(durability), 4, 'on the disk entry 5 will be of term 3 for a while');
  durability.finished(index(5), term(3));
  t.is(reached(durability), 4);
  durability.finished(index(5), term(2));
  t.is(reached(durability), 5);
});

test('an unknown write, or one from before a snapshot, is ignored', (t) => {
  const durability = new Durability(index(2));
  durability.finished(index(7), term(1));
  t.is(reached(durability), 2);
  durability.taken(index(3), index(4), term(1));
  durability.restart(index(0));
  durability.finished(index(4), term(1));
  t.is(reached(durability), 0);
});

test('whatever the writes, durable is what the disk holds and no write under way will change', (t) => {
  const writes = fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(writes, (lengths) => {
      const durability = new Durability(index(0));
      const taken: { first: number; last: number; at: number }[] = [];
      let end = 0;
      for (const [back, length] of lengths) {
        const first = Math.max(1, end + 1 - back);
        end = first + length - 1;
        taken.push({ first, last: end, at: taken.length + 1 });
        durability.taken(index(first), index(end), term(taken.length));
      }
      let disk = 0;
      for (const [done, { last, at }] of taken.entries()) {
        durability.finished(index(last), term(at));
        disk = last;
        const untouched = Math.min(disk, ...taken.slice(done + 1).map(({ first }) => first - 1));
        t.is(reached(durability), untouched);
      }
    }),
  );
});
