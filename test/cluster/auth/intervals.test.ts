import test from 'ava';
import fc from 'fast-check';
import { covers, intervalOf, mergeIntervals } from '../../../cluster/auth/intervals.js';
import { keys } from './operations.js';

type Words = readonly [key: string, end?: string];

const containment = test.macro({
  title: (name) => `permissions ${name}`,
  exec(t, permissions: readonly Words[], wanted: Words, expected: boolean) {
    const merged = mergeIntervals(permissions.map((words) => intervalOf(keys(...words))));
    t.is(covers(merged, intervalOf(keys(...wanted))), expected);
  },
});

test('on a key cover that key', containment, [['b']], ['b'], true);
test('on a key do not cover a longer one', containment, [['b']], ['b\0'], false);
test('on a key do not cover every key from it on', containment, [['b']], ['b', '\0'], false);
test('on a key do not cover the prefix', containment, [['b']], ['b', 'c'], false);
test('on a range include its start', containment, [['b', 'd']], ['b'], true);
test('on a range exclude its end', containment, [['b', 'd']], ['d'], false);
test('on a range cover it whole', containment, [['b', 'd']], ['b', 'd'], true);
test('on a range end exactly there', containment, [['b', 'd']], ['b', 'd\0'], false);
test('on a range do not cover every key from its start on', containment, [['b', 'd']], ['b', '\0'], false);
test(
  'on neighbours cover the range over both',
  containment,
  [
    ['d', 'f'],
    ['b', 'd'],
  ],
  ['c', 'e'],
  true,
);
test(
  'on two ranges with a gap do not cover it',
  containment,
  [
    ['b', 'd'],
    ['d\0', 'f'],
  ],
  ['c', 'e'],
  false,
);
test('on the key in the gap close it', containment, [['b', 'd'], ['d\0', 'f'], ['d']], ['b', 'f'], true);
test(
  'on a small range inside a large one do not cut it short',
  containment,
  [
    ['a', 'z'],
    ['b', 'c'],
  ],
  ['b', 'y'],
  true,
);
test('from a key on cover all above', containment, [['b', '\0']], ['zz', '\0'], true);
test('from a key on do not cover below', containment, [['b', '\0']], ['a', '\0'], false);
test('from zero on cover everything', containment, [['\0', '\0']], ['\0', '\0'], true);
test(
  'on a range and from its end on cover everything above',
  containment,
  [
    ['b', 'd'],
    ['d', '\0'],
  ],
  ['b', '\0'],
  true,
);
// As etcd 3.4.23 answers a request whose end lies below its key: by where the key lies.
test('cover an empty request inside', containment, [['a', 'z']], ['m', 'b'], true);
test('do not cover an empty request outside', containment, [['a', 'z']], ['zz', 'zb'], false);
test('on no keys cover nothing', containment, [['d', 'b']], ['c'], false);
test('of nobody cover nothing', containment, [], ['c'], false);

test('the union holds a key exactly when one of its parts does', (t) => {
  const key = fc.stringMatching(/^[abc]{1,3}$/);
  const words = fc.tuple(key, fc.option(fc.oneof(key, fc.constant('\0')), { nil: undefined }));
  const holds = ([from, end]: readonly [string, string | undefined], one: string) =>
    end === undefined ? one === from : one >= from && (end === '\0' || one < end);
  fc.assert(
    fc.property(fc.array(words, { maxLength: 8 }), key, (parts, one) => {
      const merged = mergeIntervals(parts.map(([from, end]) => intervalOf(keys(from, end))));
      t.is(
        covers(merged, intervalOf(keys(one))),
        parts.some((part) => holds(part, one)),
      );
    }),
  );
});
