import test from 'ava';
import type { Answer, Call, Operation } from './history.js';
import { isLinearizable } from './linearizability.js';

// The checker must find what is wrong: each of these histories differs from a right one in a single place.

const never = Number.POSITIVE_INFINITY;
const operation = (began: number, ended: number, call: Call, answer?: Answer): Operation => ({
  key: 'k',
  call,
  began,
  ended,
  answer,
});
const put = (began: number, ended: number, value: string) =>
  operation(began, ended, { kind: 'put', value }, ended === never ? undefined : {});
const get = (began: number, ended: number, value: string | undefined) =>
  operation(began, ended, { kind: 'get' }, { value });
const remove = (began: number, ended: number, changed: boolean) =>
  operation(began, ended, { kind: 'delete' }, { changed });
const swap = (began: number, ended: number, expected: string | undefined, value: string, answer: Answer) =>
  operation(began, ended, { kind: 'swap', expected, value }, answer);

const verdict = test.macro({
  exec: (t, history: readonly Operation[], expected: boolean) => t.is(isLinearizable(history), expected),
  title: (title = '', _, expected) => `${title}: ${expected ? 'linearizable' : 'not linearizable'}`,
});

test('a read after a write sees it', verdict, [put(1, 2, 'a'), get(3, 4, 'a')], true);
test('a read after a write misses it', verdict, [put(1, 2, 'a'), get(3, 4, undefined)], false);
test('a read beside a write misses it', verdict, [put(1, 3, 'a'), get(2, 4, undefined)], true);
test(
  'a read that begins in the moment in which the write ends misses it',
  verdict,
  [put(1, 3, 'a'), get(3, 4, undefined)],
  true,
);
test('a read goes back behind another read', verdict, [put(1, 9, 'a'), get(2, 3, 'a'), get(4, 5, undefined)], false);
test('a read sees a value that nobody wrote', verdict, [put(1, 2, 'a'), get(3, 4, 'b')], false);
test(
  'two readers see two writes in different orders',
  verdict,
  [put(1, 9, 'a'), put(1, 9, 'b'), get(2, 3, 'a'), get(4, 5, 'b'), get(6, 7, 'a')],
  false,
);
test(
  'a write without an answer takes effect late',
  verdict,
  [put(1, never, 'a'), get(2, 3, undefined), get(4, 5, 'a')],
  true,
);
test(
  'a write without an answer never takes effect',
  verdict,
  [put(1, never, 'a'), get(2, 3, undefined), get(4, 5, undefined)],
  true,
);
test(
  'a write without an answer takes effect twice',
  verdict,
  [put(1, never, 'a'), get(2, 3, 'a'), put(4, 5, 'b'), get(6, 7, 'a')],
  false,
);
test('a write without an answer takes effect before it began', verdict, [get(1, 2, 'a'), put(3, never, 'a')], false);
test('a deletion finds what was written', verdict, [put(1, 2, 'a'), remove(3, 4, true), get(5, 6, undefined)], true);
test('a deletion misses what was written', verdict, [put(1, 2, 'a'), remove(3, 4, false)], false);
test(
  'two swaps of one value both succeed',
  verdict,
  [put(1, 2, 'a'), swap(3, 9, 'a', 'b', { changed: true }), swap(3, 9, 'a', 'c', { changed: true })],
  false,
);
test(
  'of two swaps one succeeds',
  verdict,
  [put(1, 2, 'a'), swap(3, 9, 'a', 'b', { changed: true }), swap(3, 9, 'a', 'c', { changed: false, value: 'b' })],
  true,
);
test(
  'a swap is refused for a value that it expected',
  verdict,
  [put(1, 2, 'a'), swap(3, 4, 'a', 'b', { changed: false, value: 'a' })],
  false,
);
