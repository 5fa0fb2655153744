import { join } from 'node:path';
import test from 'ava';
import { index, leaseId, revision } from '../../../cluster/numbers.js';
import type { KeyValue, Range } from '../../../cluster/operations/kv.js';
import { Kv } from '../../../cluster/store/index.js';
import { freshFolder, freshStore, openBackend } from './folder.js';
import { del, fromKey, get, put, type Text, txn, when } from './operations.js';

type Store = Awaited<ReturnType<typeof freshStore>>;

const apply = ({ backend, kv }: Store, ...ops: Parameters<Kv['apply']>[0][]): void => {
  for (const op of ops) backend.transact(index(backend.appliedIndex + 1), () => kv.apply(op));
};
const compact = ({ backend, kv }: Store, to: number): void =>
  backend.transact(index(backend.appliedIndex + 1), () => kv.compact(revision(to)));
const sweep = ({ backend, kv }: Store, budget: number): boolean =>
  backend.transact(backend.appliedIndex, () => kv.compactStep(budget));
const shown = ({ key, value }: KeyValue): string => `${Buffer.from(key)}=${Buffer.from(value)}`;
const list = ({ kv }: Store, key: Text, end?: Text, rest: Partial<Range> = {}): string =>
  kv
    .range(get(key, end, rest))
    .kvs.map(shown)
    .join(' ');

test('an empty store is at revision 1, and a put makes 2', async (t) => {
  const store = await freshStore(t);
  t.is(store.kv.revision, revision(1));
  t.is(store.kv.compactedRevision, revision(0));
  apply(store, put('a', '1'));
  t.is(store.kv.revision, revision(2));
});

test('a closed store opens with what was committed, and without what was not', async (t) => {
  const path = join(await freshFolder(t), 'state.mdb');
  const backend = await openBackend(t, path);
  const store = { backend, kv: new Kv(backend.table), path };
  apply(store, put('a', '1'));
  await backend.commit();
  apply(store, put('a', '2'));
  t.is(store.kv.revision, revision(3));
  await backend.close();
  const again = await openBackend(t, path);
  const reopened = { backend: again, kv: new Kv(again.table), path };
  t.is(again.appliedIndex, index(1));
  t.is(reopened.kv.revision, revision(2));
  t.is(list(reopened, 'a'), 'a=1');
});

test('ranges follow the conventions for their end', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('b', '2'), put('c', '3'));
  t.is(list(store, 'b'), 'b=2');
  t.is(list(store, 'a', 'c'), 'a=1 b=2');
  t.is(list(store, 'b', fromKey), 'b=2 c=3');
  t.is(list(store, '\0', fromKey), 'a=1 b=2 c=3');
  t.is(list(store, 'c', 'a'), '');
  t.is(list(store, 'b', 'b'), '');
});

test('the count is of the whole range; more says that the limit cut it', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('b', '2'), put('c', '3'), del('b'));
  const page = store.kv.range(get('a', fromKey, { limit: 1 }));
  t.like(page, { count: 2, more: true });
  t.like(store.kv.range(get('a', fromKey, { limit: 2 })), { count: 2, more: false });
  t.deepEqual(store.kv.range(get('a', fromKey, { countOnly: true })), {
    kind: 'range',
    kvs: [],
    more: false,
    count: 2,
  });
  t.like(store.kv.range(get('a', fromKey, { minModRevision: revision(4) })), { count: 2, more: false });
  t.is(store.kv.count({ key: Buffer.from('a') }), 1);
});

test('the count of later pages at one revision stays right while the present changes', async (t) => {
  const store = await freshStore(t);
  for (const key of ['a', 'b', 'c', 'd']) apply(store, put(key, key));
  const at = store.kv.revision;
  t.like(store.kv.range(get('a', 'z', { limit: 1, revision: at })), { count: 4, more: true });
  apply(store, del('a', 'c'), put('e', 'e'));
  t.like(store.kv.range(get('a\0', 'z', { limit: 1, revision: at })), { count: 3, more: true });
  t.like(store.kv.range(get('b\0', 'z', { limit: 1, revision: at })), { count: 2, more: true });
  t.like(store.kv.range(get('a\0', 'z', { limit: 1 })), { count: 3, more: true });
});

test('the limit applies after filters and order', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '3'), put('b', '1'), put('c', '2'), put('b', '0'));
  t.is(list(store, 'a', fromKey, { order: 'descend', limit: 1 }), 'c=2');
  t.is(list(store, 'a', fromKey, { target: 'value', order: 'ascend', limit: 2 }), 'b=0 c=2');
  t.is(list(store, 'a', fromKey, { target: 'mod' }), 'a=3 c=2 b=0');
  t.is(list(store, 'a', fromKey, { target: 'version', order: 'descend', limit: 1 }), 'b=0');
  t.is(list(store, 'a', fromKey, { target: 'create', limit: 1 }), 'a=3');
  t.is(list(store, 'a', fromKey, { maxModRevision: revision(4), limit: 1 }), 'a=3');
  t.is(list(store, 'a', fromKey, { keysOnly: true, target: 'value' }), 'b= c= a=');
});

test('a key that was deleted starts over with version 1 and a new create revision', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('a', '2'), del('a'), put('a', '3'));
  t.like(store.kv.range(get('a')).kvs[0], { version: 1, createRevision: revision(5), modRevision: revision(5) });
  t.like(store.kv.range(get('a', undefined, { revision: revision(3) })).kvs[0], {
    version: 2,
    createRevision: revision(2),
    modRevision: revision(3),
  });
  t.is(list(store, 'a', undefined, { revision: revision(4) }), '');
});

test('deleting nothing makes no revision', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), del('b', fromKey), txn([], [del('x')]));
  t.is(store.kv.revision, revision(2));
});

test('a txn writes at one revision, and its reads see what it wrote before', async (t) => {
  const { backend, kv } = await freshStore(t);
  const result = backend.transact(index(1), () =>
    kv.apply(txn([], [put('a', '1'), get('a', fromKey), put('b', '2'), txn([], [get('a', fromKey)]), del('c')])),
  );
  t.is(kv.revision, revision(2));
  t.true(result.succeeded);
  t.like(result.results[1], { count: 1 });
  t.like(result.results[3], { results: [{ count: 2 }] });
  t.deepEqual(new Set(kv.range(get('a', fromKey)).kvs.map((row) => row.modRevision)), new Set([revision(2)]));
});

test('compares of nested txns see the state before the first write', async (t) => {
  const { backend, kv } = await freshStore(t);
  const missing = when('a', 'equal', { target: 'version', number: 0 });
  const nested = txn([missing], [put('b', 'was missing')], [put('b', 'was there')]);
  backend.transact(index(1), () => kv.apply(txn([], [put('a', '1'), nested])));
  t.is(kv.range(get('b')).kvs.map(shown).join(), 'b=was missing');
});

test('a missing key has no value and 0 for the rest; of a range every key must match', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('b', '1'), put('b', '2'));
  const holds = (...compares: Parameters<typeof txn>[0]): boolean => store.kv.apply(txn(compares, [])).succeeded;
  const none = Buffer.alloc(0);
  for (const result of ['equal', 'not-equal', 'greater', 'less'] as const) {
    t.false(holds(when('x', result, { target: 'value', value: none })));
  }
  t.true(holds(when('x', 'equal', { target: 'mod', number: 0 }), when('x', 'less', { target: 'create', number: 1 })));
  t.true(holds(when('x', 'equal', { target: 'lease', lease: leaseId(0n) }, fromKey)));
  t.true(holds(when('a', 'greater', { target: 'version', number: 0 }, fromKey)));
  t.false(holds(when('a', 'greater', { target: 'version', number: 1 }, fromKey)));
  t.true(holds(when('b', 'equal', { target: 'value', value: Buffer.from('2') })));
});

test('a refused txn writes nothing, wherever in it the refusal is', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('a', '2'), put('a', '3'));
  compact(store, 3);
  const { revision: before } = store.kv;
  const refused = (code: string, ...ops: Parameters<typeof txn>[1]): void => {
    t.throws(() => apply(store, txn([], [put('n', '1'), ...ops])), { code });
    t.throws(() => store.kv.validate(txn([], [put('n', '1'), txn([], ops)])), { code });
  };
  refused('compacted', get('a', undefined, { revision: revision(2) }));
  refused('future-revision', get('a', undefined, { revision: revision(5) }));
  refused('key-not-found', put('m', '', { ignoreValue: true }));
  refused('key-not-found', put('m', '1', { ignoreLease: true }));
  refused('lease-not-found', put('a', '1', { lease: leaseId(7n) }));
  t.is(store.kv.revision, before);
  t.is(list(store, '\0', fromKey), 'a=3');
  await t.notThrowsAsync(store.backend.commit());
});

test('a put may keep the value or the lease, and needs a lease that exists', async (t) => {
  const { backend } = await freshStore(t);
  const kv = new Kv(backend.table, { leaseExists: (lease) => lease === leaseId(0xffff_ffff_ffff_fff1n) });
  const lease = leaseId(0xffff_ffff_ffff_fff1n);
  const write = (...args: Parameters<typeof put>): void => {
    backend.transact(index(backend.appliedIndex + 1), () => kv.apply(put(...args)));
  };
  write('a', '1', { lease });
  write('a', '2', { ignoreLease: true });
  t.like(kv.range(get('a')).kvs[0], { lease, version: 2 });
  write('a', '', { ignoreValue: true });
  t.is(kv.range(get('a')).kvs.map(shown).join(), 'a=2');
  t.like(kv.range(get('a')).kvs[0], { lease: leaseId(0n), version: 3 });
  t.throws(() => write('a', '1', { lease: leaseId(2n) }), { code: 'lease-not-found' });
});

test('reads go back to the compacted revision, inclusive', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('a', '2'), put('a', '3'));
  t.throws(() => list(store, 'a', undefined, { revision: revision(5) }), { code: 'future-revision' });
  t.throws(() => compact(store, 5), { code: 'future-revision' });
  compact(store, 3);
  t.is(list(store, 'a', undefined, { revision: revision(3) }), 'a=2');
  t.throws(() => list(store, 'a', undefined, { revision: revision(2) }), { code: 'compacted' });
  t.throws(() => store.kv.count(get('a'), revision(2)), { code: 'compacted' });
  t.throws(() => compact(store, 3), { code: 'compacted' });
});

test('a compaction at 0 is accepted once, as by etcd, and takes nothing', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('a', '2'));
  compact(store, 0);
  t.throws(() => compact(store, 0), { code: 'compacted' });
  t.is(store.kv.compactedRevision, revision(0));
  t.is(list(store, 'a', undefined, { revision: revision(2) }), 'a=1');
});

const rowsOf = ({ backend }: Store, name: string): number => [...backend.table(name).range()].length;

test('a compaction goes on after a restart, and leaves one record of each living key', async (t) => {
  const path = join(await freshFolder(t), 'state.mdb');
  const backend = await openBackend(t, path, true);
  const store = { backend, kv: new Kv(backend.table), path };
  for (let n = 0; n < 100; n++) apply(store, put('hot', `${n}`));
  apply(store, put('gone', '1'), del('gone'), put(`long${'l'.repeat(5000)}`, '1'), del('long', fromKey), put('b', '1'));
  t.is(list(store, 'hot', undefined, { revision: revision(40) }), 'hot=38');
  const latest = store.kv.revision;
  compact(store, latest);
  t.true(sweep(store, 10));
  await backend.commit();
  await backend.close();
  const again = await openBackend(t, path, true);
  const reopened = { backend: again, kv: new Kv(again.table), path };
  t.true(reopened.kv.compactionPending);
  while (sweep(reopened, 7));
  t.false(reopened.kv.compactionPending);
  t.is(reopened.kv.revision, latest);
  t.is(list(reopened, '\0', fromKey), 'b=1 hot=99');
  for (const [name, count] of [
    ['revisions', 2],
    ['keys', 2],
    ['dead-keys', 0],
    ['directories', 0],
    ['milestones', 0],
  ] as const) {
    t.is(rowsOf(reopened, name), count, name);
  }
});

test('a store whose last change is a compacted deletion keeps its revision over a restart', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), del('a'));
  compact(store, 3);
  while (sweep(store, 10));
  t.is(new Kv(store.backend.table).revision, revision(3));
  t.is(rowsOf(store, 'revisions'), 1);
});

test('a deletion at the compacted revision stays until the next compaction, also over a restart', async (t) => {
  const store = await freshStore(t);
  apply(store, put('a', '1'), put('b', '1'), del('a'), put('b', '2'));
  compact(store, 4);
  while (sweep(store, 1));
  const told = (): string[] =>
    [...store.kv.changes(revision(4))].map(
      ({ revision: at, change: { key, tombstone } }) => `${at} ${key} ${tombstone}`,
    );
  t.deepEqual(told(), ['4 a true', '5 b false']);
  const reopened = { ...store, kv: new Kv(store.backend.table) };
  compact(reopened, 5);
  while (sweep(reopened, 1));
  t.deepEqual(told(), ['5 b false']);
  t.is(rowsOf(store, 'dead-keys'), 0);
});

test('every revision of a key with a long history can be read', async (t) => {
  const store = await freshStore(t);
  for (let n = 2; n <= 300; n++) apply(store, n % 50 === 0 ? del('hot') : put('hot', `${n}`));
  compact(store, 101);
  const check = (): void => {
    for (let at = 101; at <= 300; at++) {
      const expected = at % 50 === 0 ? '' : `hot=${at}`;
      if (list(store, 'hot', undefined, { revision: revision(at) }) !== expected) t.fail(`at ${at}`);
    }
  };
  check();
  while (sweep(store, 30)) check();
  check();
  t.true(rowsOf(store, 'milestones') > 5);
});
