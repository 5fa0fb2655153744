import test from 'ava';
import fc from 'fast-check';
import { type LeaseId, leaseId, noLease, revision, term } from '../../../cluster/numbers.js';
import type { Action } from '../../../cluster/operations/action.js';
import type { Put } from '../../../cluster/operations/kv.js';
import type { LeaseAction } from '../../../cluster/operations/lease.js';
import * as op from '../auth/operations.js';
import { annsGrants } from './grants.js';
import { inside, put, range, remove, txn } from './kv-words.js';
import { commandEntry, openReplica, outcomeText, type Replica } from './replica.js';

const five = leaseId(5n);
const six = leaseId(6n);

const grant = (id: LeaseId, seconds = 60): LeaseAction => ({ kind: 'lease-grant', id, seconds });
const revoke = (id: LeaseId): LeaseAction => ({ kind: 'lease-revoke', id });
const expire = (ids: readonly LeaseId[], decidedIn: number): LeaseAction => ({
  kind: 'lease-expire',
  ids,
  term: term(decidedIn),
});
const checkpoint = (id: LeaseId, seconds: number, decidedIn = 1): LeaseAction => ({
  kind: 'lease-checkpoint',
  leases: [{ id, seconds }],
  term: term(decidedIn),
});
const leased = (key: string, lease: LeaseId, rest: Partial<Put> = {}): Put => ({ ...put(key), lease, ...rest });

const all = (replica: Replica, actions: readonly Action[]): string =>
  actions.map((action) => replica.run(action)).join(' ');
const keysOf = ({ kv }: Replica, lease: LeaseId): string =>
  kv
    .keysOf(lease)
    .map((key) => Buffer.from(key).toString())
    .join(' ');
const keys = ({ kv }: Replica): string =>
  kv
    .range(range('\0', '\0'))
    .kvs.map(({ key }) => Buffer.from(key).toString())
    .join(' ');

test('a lease is granted once, under an id that is not 0, for up to 9,000,000,000 s', async (t) => {
  const replica = await openReplica(t);
  t.is(all(replica, [grant(five), grant(five), grant(noLease)]), 'done lease-exists lease-not-found');
  t.is(replica.run(grant(six, 9_000_000_001)), 'lease-ttl-too-large');
  t.is(replica.run(grant(six, 9_000_000_000)), 'done');
  t.is(all(replica, [revoke(leaseId(7n)), revoke(noLease)]), 'lease-not-found lease-not-found');
});

test('a lease with a negative id is the same lease wherever it is read from', async (t) => {
  const replica = await openReplica(t);
  const negative = leaseId(-5n);
  t.is(all(replica, [grant(negative), leased('a', negative), leased('a', negative)]), 'done put put');
  const reopened = await replica.restart();
  t.is(keysOf(reopened, negative), 'a');
  t.is(reopened.kv.range(range('a')).kvs[0]?.lease, negative);
  t.deepEqual(
    [...reopened.leases.list()].map(({ id }) => id),
    [negative],
  );
  t.is(reopened.run(revoke(negative)), 'done');
  t.is(keys(reopened), '');
});

test('a revoked lease takes its keys along at one revision, in their order, and no others', async (t) => {
  const replica = await openReplica(t);
  all(replica, [grant(five), leased('c', five), leased('a', five), put('b'), leased('b2', five)]);
  const before = replica.kv.revision;
  t.is(replica.run(revoke(five)), 'done');
  t.is(replica.kv.revision, revision(before + 1));
  t.is(keys(replica), 'b');
  t.is(replica.run(leased('a', five)), 'lease-not-found');
});

test('a lease without keys goes without a revision', async (t) => {
  const replica = await openReplica(t);
  all(replica, [grant(five)]);
  const before = replica.kv.revision;
  t.is(replica.run(revoke(five)), 'done');
  t.is(replica.kv.revision, before);
});

test('a put lets go of the lease that the key had, unless it is told to keep it', async (t) => {
  const replica = await openReplica(t);
  all(replica, [grant(five), grant(six), leased('a', five), leased('b', five), leased('c', five)]);
  all(replica, [put('a'), leased('b', six), leased('c', noLease, { ignoreLease: true })]);
  t.is(keysOf(replica, five), 'c');
  t.is(keysOf(replica, six), 'b');
  all(replica, [remove('b', 'd')]);
  t.is(keysOf(replica, five) + keysOf(replica, six), '');
  all(replica, [put('b'), revoke(six), revoke(five)]);
  t.is(keys(replica), 'a b');
});

test('keys that are put and deleted within one transaction are attached as at its end', async (t) => {
  const replica = await openReplica(t);
  all(replica, [grant(five), leased('a', five)]);
  const ops = [leased('b', five), leased('c', five), remove('a')];
  t.is(replica.run(txn({ success: [...ops, txn({ success: [leased('d', five)] })] })), 'txn');
  t.is(keysOf(replica, five), 'b c d');
});

test('keys longer than a table’s keys may be are attached like any other', async (t) => {
  const replica = await openReplica(t);
  const [long, longer] = ['k'.repeat(5000), 'k'.repeat(20_000)];
  all(replica, [grant(five), leased(longer, five), leased(long, five)]);
  t.is(keysOf(replica, five), `${long} ${longer}`);
  t.is(replica.run(revoke(five)), 'done');
  t.is(keys(replica), '');
});

test('what a leader has seen expire is void in the term of another', async (t) => {
  const replica = await openReplica(t);
  all(replica, [grant(five), grant(six), leased('a', five), leased('b', six)]);
  t.is(all(replica, [expire([five, six], 2), checkpoint(five, 7, 2)]), 'done done', 'the entries are of term 1');
  t.is(keys(replica), 'a b');
  t.is(replica.leases.get(five)?.remainingSeconds, 0);
  const before = replica.kv.revision;
  t.is(all(replica, [checkpoint(six, 7), expire([five, leaseId(9n), six], 1)]), 'done done');
  t.is(replica.kv.revision, revision(before + 2), 'each lease ends at a revision of its own');
  t.is(keys(replica), '');
  t.deepEqual([...replica.leases.list()], []);
});

test('a checkpoint notes what is left of a lease, and survives a restart; one of a lease that is gone changes nothing', async (t) => {
  const replica = await openReplica(t);
  all(replica, [grant(five, 1000), checkpoint(five, 700), checkpoint(six, 300)]);
  const { leases } = await replica.restart();
  t.deepEqual([...leases.list()], [{ id: five, seconds: 1000, remainingSeconds: 700 }]);
});

test('10,000 keys go with their lease at one revision', async (t) => {
  const replica = await openReplica(t);
  replica.run(grant(five));
  const count = 10_000;
  for (let at = 0; at < count; at += 100) {
    const puts = Array.from({ length: 100 }, (_, next) => leased(`k${at + next}`, five));
    replica.run(txn({ success: puts }));
  }
  await replica.backend.commit();
  const before = replica.kv.revision;
  const begin = performance.now();
  t.is(replica.run(revoke(five)), 'done');
  t.log(`${count} keys revoked in ${Math.round(performance.now() - begin)} ms`);
  t.is(replica.kv.revision, revision(before + 1));
  t.is(keys(replica), '');
  t.deepEqual([...replica.backend.table('leased-keys').range()], []);
});

const anyLease = fc.constantFrom(noLease, five, six);
const anyPut = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), anyLease, fc.boolean())
  .map(([key, lease, ignoreLease]) => leased(key, ignoreLease ? noLease : lease, { ignoreLease }));
const anyWrite = fc.oneof(
  { weight: 4, arbitrary: anyPut },
  fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(undefined, 'c')).map(([key, end]) => remove(key, end)),
);
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: anyWrite },
  { weight: 2, arbitrary: fc.array(anyWrite, { maxLength: 3 }).map((success) => txn({ success })) },
  anyLease.map((id) => grant(id)),
  anyLease.map(revoke),
);

test('whatever is done, the keys of a lease are those that show it', async (t) => {
  const replica = await openReplica(t);
  let at = 0;
  fc.assert(
    fc.property(anyAction, (action) => {
      at += 1;
      replica.apply(commandEntry(at, action));
      for (const lease of [five, six]) {
        const { kvs } = replica.kv.range(range('\0', '\0'));
        const shown = kvs.filter((kv) => kv.lease === lease).map(({ key }) => Buffer.from(key).toString());
        t.is(keysOf(replica, lease), shown.join(' '));
        if (shown.length > 0) t.true(replica.leases.has(lease), 'no key has a lease that is gone');
      }
    }),
    { numRuns: 600, endOnFailure: true },
  );
});

/** Ann may read and write [b, d), read [d, f) and write x. Lease five has a key of hers, lease six one that is not. */
async function withAnn(t: Parameters<typeof openReplica>[0]): Promise<Replica> {
  const replica = await openReplica(t);
  all(replica, [grant(five), grant(six), leased('b', five), leased('z', six)]);
  all(replica, [...annsGrants, op.enable]);
  return replica;
}

const attacks: readonly (readonly [title: string, action: Action, expected: string])[] = [
  ['ends a lease that has none but keys of hers', revoke(five), 'done'],
  ['ends no lease with a key of somebody else', revoke(six), 'permission-denied'],
  ['ties a key of hers to a lease that she may end', leased('c', five), 'put'],
  ['ties no key to a lease that she may not end', leased('c', six), 'permission-denied'],
  ['ties none in a transaction', txn({ success: [leased('c', six)] }), 'permission-denied'],
  ['ties none in a branch that is not taken', txn({ failure: [leased('c', six)] }), 'permission-denied'],
  ['ties none two transactions deep', inside(2, leased('c', six)), 'permission-denied'],
  ['has leases', grant(leaseId(7n)), 'done'],
  ['is told that a lease is gone', revoke(leaseId(7n)), 'lease-not-found'],
];

for (const [title, action, expected] of attacks) {
  test(`a user ${title}`, async (t) => {
    const replica = await withAnn(t);
    t.is(replica.run(action, replica.as('ann')), expected);
    if (expected === 'permission-denied') t.is(keys(replica), 'b z');
  });
}

test('root may do with any lease what it likes, and nobody nothing', async (t) => {
  const replica = await withAnn(t);
  for (const action of [grant(leaseId(7n)), revoke(six), leased('c', five)]) t.is(replica.run(action), 'user-empty');
  t.is(replica.run(grant(leaseId(7n)), replica.as('root')), 'done');
  t.is(replica.run(leased('c', six), replica.as('root')), 'put');
  t.is(replica.run(revoke(six), replica.as('root')), 'done');
});

test('an identity from before a change of users or roles grants and revokes no lease', async (t) => {
  const replica = await withAnn(t);
  const ann = replica.as('ann');
  replica.run(op.addUser('ben'), replica.as('root'));
  t.is(replica.run(grant(leaseId(7n)), ann), 'auth-old-revision');
  t.is(replica.run(revoke(five), ann), 'auth-old-revision');
});

test('the members’ own entries about leases need nobody’s permission', async (t) => {
  const replica = await withAnn(t);
  t.is(outcomeText(replica.apply(commandEntry(replica.backend.appliedIndex + 1, checkpoint(five, 3)))), 'done');
  t.is(replica.run(expire([six], 1)), 'done');
  t.is(keys(replica), 'b');
});
