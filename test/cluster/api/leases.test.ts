import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { leaseId, noMember, revision } from '../../../cluster/numbers.js';
import type { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { toCount, toId } from '../../../cluster/wire/long.js';
import { authMethods, kvMethods, leaseMethods } from '../../../cluster/wire/services.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import * as op from '../auth/operations.js';
import { eventually } from '../transport/eventually.js';
import { ended, GrpcJs, verdict } from './grpc-js.js';
import { startMember } from './member.js';

// conformance: Lease.LeaseGrant{*} Lease.LeaseRevoke{*} Lease.LeaseTimeToLive{*} Lease.LeaseLeases Lease.LeaseKeepAlive{*}

const { leaseGrant, leaseRevoke, leaseKeepAlive, leaseTimeToLive, leaseLeases } = leaseMethods;
const bytes = (text: string): Buffer => Buffer.from(text);

type KeepAlive = etcdserverpb.LeaseKeepAliveResponse;

/** The answers of a stream to keep-alives of these leases, and how it ended. */
async function kept(calls: GrpcJs, ids: readonly number[]): Promise<string> {
  const call = calls.open<KeepAlive>(leaseKeepAlive);
  const seen: string[] = [];
  call.on('data', ({ ID, TTL }: KeepAlive) => seen.push(`${toId(ID)}=${toCount(TTL)}`));
  const end = ended(call);
  for (const ID of ids) call.write({ ID });
  call.end();
  const how = await end;
  return [...seen, how].join(' ');
}

const granted = async (calls: GrpcJs, request: object): Promise<string> => {
  const { ID, TTL, error } = await calls.ask(leaseGrant, request);
  return `${toId(ID) > 0n ? 'positive' : toId(ID)} ${toCount(TTL)} ${error}`;
};
const left = async (calls: GrpcJs, ID: number): Promise<string> => {
  const { TTL, grantedTTL, keys, header } = await calls.ask(leaseTimeToLive, { ID, keys: true });
  const names = keys.map((key) => Buffer.from(key).toString());
  // A moment passes.
  const rest = toCount(TTL) < 0 ? toCount(TTL) : Math.ceil(toCount(TTL) / 10) * 10;
  return `${rest} of ${toCount(grantedTTL)} at ${toCount(header?.revision)}: ${names.sort().join(' ')}`;
};
const put = (calls: GrpcJs, key: string, lease: number) => calls.ask(kvMethods.put, { key: bytes(key), lease });
const list = async (calls: GrpcJs): Promise<string> =>
  (await calls.ask(leaseLeases, {})).leases.map(({ ID }) => String(toId(ID))).join(' ');

/** Without those that may end meanwhile. */
const longOnes = async (calls: GrpcJs): Promise<string> =>
  (await list(calls))
    .split(' ')
    .filter((id) => ['7', '-7', '11'].includes(id))
    .join(' ');

type Situation = readonly [what: string, ask: (calls: GrpcJs) => Promise<string>];

const situations: readonly Situation[] = [
  ['a lease', (calls) => granted(calls, { ID: 7, TTL: 100 })],
  ['the same lease', (calls) => granted(calls, { ID: 7, TTL: 100 })],
  ['a lease with a negative id', (calls) => granted(calls, { ID: -7, TTL: 100 })],
  ['a short lease', (calls) => granted(calls, { ID: 8, TTL: 1 })],
  ['a lease for no time', (calls) => granted(calls, { ID: 9, TTL: 0 })],
  ['a lease for negative time', (calls) => granted(calls, { ID: 10, TTL: -100 })],
  ['the longest lease', (calls) => granted(calls, { ID: 11, TTL: 9_000_000_000 })],
  ['a longer lease', (calls) => granted(calls, { ID: 12, TTL: 9_000_000_001 })],
  ['the longest time there is', (calls) => granted(calls, { ID: 12, TTL: Number.MAX_SAFE_INTEGER })],
  ['a key with a lease', (calls) => verdict(put(calls, 'a', 7))],
  ['another', (calls) => verdict(put(calls, 'b', 7))],
  ['a key with a negative lease', (calls) => verdict(put(calls, 'c', -7))],
  ['what is left', (calls) => left(calls, 7)],
  ['what is left of a negative one', (calls) => left(calls, -7)],
  ['what is left of the longest', (calls) => left(calls, 11)],
  ['what is left of none', (calls) => left(calls, 77)],
  ['what is left of lease 0', (calls) => left(calls, 0)],
  ['those that last, in the order in which they end', longOnes],
  ['keeping some alive', (calls) => kept(calls, [7, 77, 8, 0, -7, 7])],
  ['keeping none alive', (calls) => kept(calls, [])],
  ['those that last after that', longOnes],
  ['a lease of an id that the server picks', (calls) => granted(calls, { TTL: 100 }).then(() => 'some')],
  ['the end of one', (calls) => verdict(calls.ask(leaseRevoke, { ID: 7 }))],
  ['the end of one that is gone', (calls) => verdict(calls.ask(leaseRevoke, { ID: 7 }))],
  ['the end of a negative one', (calls) => verdict(calls.ask(leaseRevoke, { ID: -7 }))],
  ['the end of lease 0', (calls) => verdict(calls.ask(leaseRevoke, {}))],
  ['what is left of one that is gone', (calls) => left(calls, 7)],
  ['a key with one that is gone', (calls) => verdict(put(calls, 'a', 7))],
];

async function answersOf(calls: GrpcJs, asked: readonly Situation[]): Promise<Readonly<Record<string, string>>> {
  const answers: Record<string, string> = {};
  for (const [what, ask] of asked) {
    answers[what] = await ask(calls).catch((error: unknown) => verdict(Promise.reject(error)));
  }
  return answers;
}

judge('etcd').test('leases are granted, told and ended with the answers of a real etcd', async (t) => {
  const [theirs, ours] = await Promise.all([startEtcd(t), startMember(t)]);
  const expected = await answersOf(new GrpcJs(t, theirs.endpoint), situations);
  t.deepEqual(await answersOf(new GrpcJs(t, ours.endpoint), situations), expected);
});

async function ownMember(t: ExecutionContext) {
  const member = await startMember(t);
  return { member, calls: new GrpcJs(t, member.endpoint) };
}

test('a lease expires by itself, and takes its key along', async (t) => {
  const { member, calls } = await ownMember(t);
  await calls.ask(leaseGrant, { ID: 7, TTL: 60 });
  await put(calls, 'a', 7);
  member.leaseTime.skippedMs += 60_000;
  await eventually('the end of the lease', () => member.state.leases.get(leaseId(7n)) === undefined);
  t.is(await left(calls, 7), '-1 of 0 at 3: ');
  t.is(member.kv.revision, revision(3));
});

test('a lease that is kept alive does not expire, and its answers carry the revision of before', async (t) => {
  const { member, calls } = await ownMember(t);
  await calls.ask(leaseGrant, { ID: 7, TTL: 60 });
  await calls.ask(leaseGrant, { ID: 8, TTL: 60 });
  await put(calls, 'a', 7);
  const call = calls.open<KeepAlive>(leaseKeepAlive);
  const end = ended(call);
  for (let time = 0; time < 2; time += 1) {
    member.leaseTime.skippedMs += 40_000;
    call.write({ ID: 7 });
    const [{ TTL, header }] = (await once(call, 'data')) as [KeepAlive];
    t.deepEqual([toCount(TTL), toCount(header?.revision)], [60, 2]);
  }
  call.end();
  t.is(await end, 'OK');
  await eventually('the end of the other', () => member.state.leases.get(leaseId(8n)) === undefined);
  t.is(await list(calls), '7');
});

test('a thousand leases are kept alive on one stream, answered in the order of the requests', async (t) => {
  const { member, calls } = await ownMember(t);
  const ids = Array.from({ length: 1000 }, (_, at) => at + 1);
  await Promise.all(ids.map((ID) => calls.ask(leaseGrant, { ID, TTL: 60 })));
  let rounds = 0;
  member.log.linearize = async () => {
    rounds += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  t.true((await kept(calls, ids)) === `${ids.map((id) => `${id}=60`).join(' ')} OK`);
  t.true(rounds < 500, `in ${rounds} rounds`);
});

test('without a leader nothing is promised: the stream ends with what etcd says', async (t) => {
  const { member, calls } = await ownMember(t);
  await calls.ask(leaseGrant, { ID: 7, TTL: 60 });
  member.log.leader = noMember;
  t.is(await kept(calls, [7]), 'UNAVAILABLE etcdserver: no leader');
});

const asUser = async (calls: GrpcJs, name: string) => {
  calls.token = (await calls.ask(authMethods.authenticate, { name, password: 'secret' })).token;
};

/** Lease 7 is on a key of ann's, lease 8 on another's; auth is on. */
async function withAnn(t: ExecutionContext) {
  const { member, calls } = await ownMember(t);
  for (const ID of [7, 8]) await calls.ask(leaseGrant, { ID, TTL: 60 });
  await put(calls, 'b', 7);
  await put(calls, 'z', 8);
  for (const name of ['root', 'ann']) await calls.ask(authMethods.userAdd, { name, password: 'secret' });
  for (const operation of [op.addRole('root'), op.grant('root', 'root'), op.addRole('app'), op.grant('ann', 'app')]) {
    await member.log.propose(operation, undefined);
  }
  await member.log.propose(op.permit('app', 'readwrite', 'b', 'd'), undefined);
  await member.log.propose(op.enable, undefined);
  return { member, calls };
}

const denied = 'PERMISSION_DENIED etcdserver: permission denied';

test('nobody keeps alive, ends or is shown a lease with keys that are not theirs', async (t) => {
  const { calls } = await withAnn(t);
  await asUser(calls, 'ann');
  t.is(await kept(calls, [7]), '7=60 OK');
  t.is(await kept(calls, [7, 8, 7]), `7=60 ${denied}`);
  t.is(await kept(calls, [77]), '77=0 OK', 'of one that is not there nothing is told but that');
  t.is(await verdict(calls.ask(leaseRevoke, { ID: 8 })), denied);
  t.is(await verdict(left(calls, 8)), denied);
  t.is(await verdict(list(calls)), denied);
  t.is(await verdict(put(calls, 'c', 8)), denied);
  t.is(await verdict(calls.ask(leaseTimeToLive, { ID: 8 })), 'OK', 'how long it lives is told to all');
  await asUser(calls, 'root');
  t.is(await kept(calls, [8]), '8=60 OK');
  t.is(await list(calls), '7 8');
});

test('a stream that was opened before a role changed is held to what it is now', async (t) => {
  const { member, calls } = await withAnn(t);
  await asUser(calls, 'ann');
  const call = calls.open<KeepAlive>(leaseKeepAlive);
  const end = ended(call);
  call.write({ ID: 7 });
  t.is(toCount(((await once(call, 'data')) as [KeepAlive])[0].TTL), 60);
  await member.log.propose(op.revoke('ann', 'app'), { user: 'root', authRevision: member.state.auth.revision });
  call.write({ ID: 7 });
  t.is(await end, denied);
});

test('nobody at all is told nothing', async (t) => {
  const { calls } = await withAnn(t);
  t.is(await kept(calls, [7]), 'INVALID_ARGUMENT etcdserver: user name is empty');
  for (const asked of [calls.ask(leaseGrant, { TTL: 9_000_000_001 }), left(calls, 77), list(calls)])
    t.is(await verdict(asked), 'INVALID_ARGUMENT etcdserver: user name is empty');
});
