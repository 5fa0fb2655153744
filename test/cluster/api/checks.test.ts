import test from 'ava';
import { checkTxn } from '../../../cluster/api/checks.js';
import type { Operation } from '../../../cluster/operations/kv.js';
import { del, fromKey, get, put, txn } from '../store/operations.js';

const opsMax = 128;
const many = (count: number): Operation[] => Array.from({ length: count }, (_, n) => put(`k${n}`, ''));

const accepts = test.macro({
  title: (what = '') => `a txn may hold ${what}`,
  exec: (t, success: Operation[], failure: Operation[] = []) =>
    t.notThrows(() => checkTxn(txn([], success, failure), opsMax)),
});
const refuses = test.macro({
  title: (what = '') => `a txn may not hold ${what}`,
  exec(t, code: string, ops: Operation[]) {
    t.throws(() => checkTxn(txn([], ops), opsMax), { code });
    t.throws(() => checkTxn(txn([], [], ops), opsMax), { code });
    t.throws(() => checkTxn(txn([], [txn([], [], ops)]), opsMax), { code });
  },
});

test('the same key in both branches', accepts, [put('a', '')], [put('a', ''), get('a')]);
test('the same key in both branches of a nested txn', accepts, [txn([], [put('a', '')], [put('a', ''), del('b')])]);
test('a put in one branch of a nested txn, its deletion in the other', accepts, [
  txn([], [put('a', '')], [del('a', 'c')]),
]);
test('deletions over one another', accepts, [del('a', 'c'), del('b', fromKey), txn([], [del('a')])]);
test('a put right at the end of a deletion', accepts, [del('a', 'c'), put('c', ''), put('A', '')]);
// etcd accepts these, whatever they are good for.
test('a put inside a deletion without end', accepts, [put('z', ''), del('a', fromKey)]);
test('a nested put that a later nested txn deletes', accepts, [txn([], [put('a', '')]), txn([], [del('a')])]);
test('128 operations', accepts, many(opsMax));
test('nested operations within what is left', accepts, [txn([], many(opsMax - 1))]);

test('a key put twice', refuses, 'duplicate-key', [put('a', ''), put('a', '1')]);
test('a key put again by a nested txn', refuses, 'duplicate-key', [put('a', ''), txn([], [], [put('a', '')])]);
test('a key put by two nested txns', refuses, 'duplicate-key', [txn([], [put('a', '')]), txn([], [], [put('a', '')])]);
test('a put inside a deletion before it', refuses, 'duplicate-key', [del('a', 'c'), put('b', '')]);
test('a put inside a deletion after it', refuses, 'duplicate-key', [put('b', ''), del('x'), del('a', 'c')]);
test('a put that a nested txn deletes', refuses, 'duplicate-key', [txn([], [get('q'), del('a')]), put('a', '')]);
test('a nested put that is deleted', refuses, 'duplicate-key', [del('\0', 'b'), txn([], [], [put('a', '')])]);
test('a nested put that an earlier nested txn deletes', refuses, 'duplicate-key', [
  txn([], [], [del('a')]),
  txn([], [put('a', '')]),
]);
test('a put inside deletions that grew together', refuses, 'duplicate-key', [
  del('a', 'c'),
  del('e', 'g'),
  del('c', 'e'),
  put('d', ''),
]);
test('129 operations', refuses, 'too-many-ops', many(opsMax + 1));
test('more nested operations than are left', refuses, 'too-many-ops', [txn([], many(opsMax))]);

test('a txn with as many nested operations as it may have is checked quickly', (t) => {
  const name = (...path: number[]): string => path.map((n) => String.fromCharCode(n + 40)).join('');
  const leaf = (a: number, b: number): Operation[] =>
    Array.from({ length: 42 }, (_, c) => (c % 2 === 0 ? put(name(a, b, c), '') : del(name(a, b, c))));
  const middle = (a: number): Operation[] => Array.from({ length: 42 }, (_, b) => txn([], leaf(a, b)));
  const big = txn(
    [],
    Array.from({ length: 42 }, (_, a) => txn([], middle(a))),
  );
  const start = process.cpuUsage();
  t.notThrows(() => checkTxn(big, opsMax));
  t.true(process.cpuUsage(start).user < 5_000_000);
});
