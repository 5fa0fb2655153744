import test from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { index, leaseId, memberId, revision } from '../../../cluster/numbers.js';
import type { Action } from '../../../cluster/operations/action.js';
import * as op from '../auth/operations.js';
import { put, range, remove, txn } from './kv-words.js';
import { commandEntry, entry, initial, openReplica, outcomeText, type Replica } from './replica.js';

const compact = (at: number): Action => ({ kind: 'compact', revision: revision(at) });
const withLease = (key: string): Action => ({ ...put(key), lease: leaseId(9n) });
const keyCount = ({ kv }: Replica): number => kv.range(range('\0', '\0')).count;
const all = (replica: Replica, actions: readonly Action[]): string[] => actions.map((action) => replica.run(action));

test('an entry changes the store and the applied index, and the outcome finds its proposal', async (t) => {
  const { apply, kv, backend } = await openReplica(t);
  const applied = apply(commandEntry(1, put('a')));
  t.deepEqual(applied, {
    proposal: { proposer: memberId(7n), sequence: 1001 },
    action: 'put',
    outcome: { result: { kind: 'put' }, revision: revision(2) },
  });
  t.is(backend.appliedIndex, index(1));
  t.is(kv.range(range('a')).count, 1);
});

test('raft’s own entries only move the applied index', async (t) => {
  const { apply, backend, kv } = await openReplica(t);
  t.is(apply(entry(1, 'empty')), undefined);
  t.is(backend.appliedIndex, index(1));
  t.is(kv.revision, revision(1));
});

test('a change of the members counts only in an entry that raft acts on, and nothing else counts there', async (t) => {
  const { apply, members } = await openReplica(t);
  const change = { kind: 'member-keep', id: memberId(7n) } as const;
  const misplaced = [
    { ...commandEntry(1, change), kind: 'command' },
    { ...commandEntry(2, put('a')), kind: 'membership' },
  ] as const;
  const before = members.list();
  for (const one of misplaced) t.is(outcomeText(apply(one)), 'invalid-argument');
  t.deepEqual(members.list(), before);
});

test('a refused command is applied all the same: the index moves, nothing else does', async (t) => {
  const replica = await openReplica(t);
  const writes = txn({ success: [put('a'), { ...range('a'), revision: revision(99) }] });
  t.is(replica.run(writes), 'future-revision');
  t.is(replica.run(withLease('a')), 'lease-not-found');
  t.is(replica.run({ ...put('a'), ignoreValue: true }), 'key-not-found');
  t.is(replica.run(op.grant('ann', 'app')), 'user-not-found');
  t.is(replica.run(compact(5)), 'future-revision');
  t.deepEqual([replica.backend.appliedIndex, replica.kv.revision, keyCount(replica)], [index(5), revision(1), 0]);
  const restarted = await replica.restart();
  t.is(restarted.backend.appliedIndex, index(5));
});

test('everything applied is there after a restart, at the same index', async (t) => {
  const replica = await openReplica(t);
  const actions = [op.addRole('app'), op.permit('app', 'read', 'a', 'c'), op.addUser('ann'), op.grant('ann', 'app')];
  t.deepEqual(all(replica, [...actions, ...op.withRoot]), Array(7).fill('done'));
  t.is(replica.run(put('a'), replica.as('root')), 'put');
  const { auth, kv, backend, run, as } = await replica.restart();
  t.is(backend.appliedIndex, index(8));
  t.deepEqual([auth.users(), auth.revision], [replica.auth.users(), replica.auth.revision]);
  t.true(auth.enabled && auth.mayRead('ann', op.keys('b')));
  t.is(kv.range(range('a')).count, 1);
  t.is(run(put('b'), as('ann')), 'permission-denied');
});

test('permission is decided by the state that the entries before have made', async (t) => {
  const replica = await openReplica(t);
  all(replica, [op.addRole('app'), op.addUser('ann'), op.grant('ann', 'app'), ...op.withRoot]);
  t.is(replica.run(put('a'), replica.as('ann')), 'permission-denied');
  t.is(replica.run(op.permit('app', 'write', 'a'), replica.as('root')), 'done');
  t.is(replica.run(put('a'), replica.as('ann')), 'put');
  t.is(replica.run(op.revoke('ann', 'app'), replica.as('root')), 'done');
  t.is(replica.run(put('a'), replica.as('ann')), 'permission-denied');
});

test('a caller identified before a change of users or roles is refused when the entry comes after it', async (t) => {
  const replica = await openReplica(t);
  all(replica, [
    op.addRole('app'),
    op.permit('app', 'write', 'a'),
    op.addUser('ann'),
    op.grant('ann', 'app'),
    ...op.withRoot,
  ]);
  const stale = replica.as('ann');
  t.is(replica.run(op.revoke('ann', 'app'), replica.as('root')), 'done');
  t.is(replica.run(put('a'), stale), 'auth-old-revision');
  t.is(replica.run(remove('a'), stale), 'auth-old-revision');
  t.is(keyCount(replica), 0);
});

test('an unguarded caller changes no user, no role and no history', async (t) => {
  const replica = await openReplica(t);
  all(replica, [op.addUser('ann'), ...op.withRoot]);
  const before = [replica.auth.users(), replica.auth.revision];
  for (const action of [
    op.grant('ann', 'root'),
    op.disable,
    compact(1),
    op.changePassword('root'),
    op.deleteUser('ann'),
  ]) {
    t.is(replica.run(action, replica.as('ann')), 'permission-denied', action.kind);
    t.is(replica.run(action), 'user-empty', action.kind);
  }
  t.deepEqual([replica.auth.users(), replica.auth.revision], before);
  t.true(replica.auth.enabled);
});

test('compaction answers as the store does', async (t) => {
  const { run, kv } = await openReplica(t);
  run(put('a'));
  run(put('a'));
  t.is(run(compact(3)), 'done');
  t.is(run(compact(3)), 'compacted');
  t.is(run(compact(9)), 'future-revision');
  t.is(kv.compactedRevision, revision(3));
});

test('a sign-in makes the token, completed with its index, valid here', async (t) => {
  const replica = await openReplica(t);
  all(replica, [op.addUser('ann'), ...op.withRoot]);
  const letters = 'abcdefghijklmnop';
  const applied = replica.apply(commandEntry(5, op.authenticate('ann', letters), replica.as('ann')));
  t.like(applied, { outcome: { result: { kind: 'authenticated', token: `${letters}.5` } } });
  t.is(replica.tokens.user(`${letters}.5`), 'ann');
  t.is(replica.tokens.user(letters), undefined);
});

test('a sign-in is void when the password was changed in between', async (t) => {
  const replica = await openReplica(t);
  all(replica, [op.addUser('ann'), ...op.withRoot]);
  const signIn = replica.as('ann');
  t.is(replica.run(op.changePassword('ann'), replica.as('root')), 'done');
  t.is(replica.run(op.authenticate('ann', 'abcdefghijklmnop'), signIn), 'auth-old-revision');
  t.is(replica.tokens.size, 0);
});

test('a bootstrap is applied once in the life of the cluster, restarts included', async (t) => {
  const access = {
    roles: [{ name: 'app', permissions: [op.permission('readwrite', 'a', 'c')] }],
    users: [
      { name: 'root', roles: ['root'], passwordHash: '' },
      { name: 'ann', roles: ['app'], passwordHash: '' },
    ],
    enable: true,
  };
  const replica = await openReplica(t);
  t.is(replica.run({ kind: 'bootstrap', access }), 'done');
  t.is(replica.run(put('a')), 'user-empty');
  t.is(replica.run(put('a'), replica.as('ann')), 'put');
  t.is(replica.run(op.deleteUser('ann'), replica.as('root')), 'done');
  const restarted = await replica.restart();
  t.is(restarted.run({ kind: 'bootstrap', access }), 'done');
  t.is(restarted.auth.user('ann'), undefined, 'who was deleted stays deleted');
});

test('a faulty bootstrap is refused whole, and a right one still has its chance', async (t) => {
  const replica = await openReplica(t);
  const users = [{ name: 'root', roles: ['root'], passwordHash: '' }];
  const faulty: Action = { kind: 'bootstrap', access: { roles: [], users: [...users, ...users], enable: true } };
  t.is(replica.run(faulty), 'user-already-exists');
  t.false(replica.auth.bootstrapped);
  t.is(replica.run({ kind: 'bootstrap', access: { roles: [], users, enable: true } }), 'done');
  t.true(replica.auth.enabled);
});

test('a member tells the others where clients reach it, also while auth is on', async (t) => {
  const replica = await openReplica(t);
  all(replica, op.withRoot);
  const [first] = initial;
  const id = first?.id ?? memberId(0n);
  const clientUrls = ['https://127.0.0.1:2379'];
  t.is(replica.run({ kind: 'member-attributes', id, name: 'm1', clientUrls }), 'done');
  t.is(replica.run({ kind: 'member-attributes', id: memberId(3n), name: 'm3', clientUrls }), 'member-not-found');
  const { members } = await replica.restart();
  t.deepEqual<readonly unknown[], readonly unknown[]>(members.list(), [{ ...first, clientUrls }]);
});

test('an entry that holds no command stops the member with its index, before anything is applied', async (t) => {
  const { apply, backend } = await openReplica(t);
  t.throws(() => apply(entry(1, 'command', Buffer.from('garbage'))), { name: 'AssertionError', message: /^entry 1 / });
  t.is(backend.appliedIndex, index(0));
});

test('trouble of this member’s own disk is no outcome: it stops the member, and the entry is not applied', async (t) => {
  const failing = () => {
    throw new ClusterError('disk-full', 'no space is left');
  };
  const { apply, backend } = await openReplica(t, { leaseExists: failing });
  t.throws(() => apply(commandEntry(1, withLease('a'))), { code: 'disk-full' });
  t.is(backend.appliedIndex, index(0));
});
