import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { compare } from 'bcrypt';
import type { EtcdClient } from '../../../cluster/client/client.js';
import { put, range } from '../../../cluster/client/operations.js';
import { ClusterError, type ClusterErrorCode } from '../../../cluster/errors.js';
import { noMember, revision } from '../../../cluster/numbers.js';
import type { Method } from '../../../cluster/wire/method.js';
import { healthMethods, kvMethods } from '../../../cluster/wire/services.js';
import { type TestAuthority, testAuthority } from '../../certificates.js';
import { startMember, type TestMember } from './member.js';

// conformance: Health.Check{*} Health.List Health.Watch{*} Cluster.MemberList Maintenance.Status

const key = Buffer.from('k');
const nothing = { kind: 'txn', compare: [], success: [], failure: [] } as const;
const ownView = range({ key, serializable: true });

async function refused(t: ExecutionContext, code: ClusterErrorCode, call: Promise<unknown>): Promise<void> {
  const error = await t.throwsAsync(call, { instanceOf: ClusterError }, code);
  t.is(error?.code, code, error?.message);
}

/** The bare status, with metadata of one's own. */
function raw<Shape>(
  t: ExecutionContext,
  { endpoint }: TestMember,
  method: Method<Shape, unknown, never, unknown>,
  request: Shape,
  metadata: Record<string, string> = {},
): Promise<string> {
  const client = new Client(endpoint.replace('http://', ''), credentials.createInsecure());
  t.teardown(() => client.close());
  const carried = new Metadata();
  for (const [name, value] of Object.entries(metadata)) carried.set(name, value);
  return new Promise((resolve) => {
    const done = (error: { code: number; details: string } | null): void =>
      resolve(error === null ? 'OK' : `${status[error.code]} ${error.details}`);
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, carried, done);
  });
}

async function withRoot(client: EtcdClient, password?: string): Promise<void> {
  await client.auth.userAdd('root', password);
  await client.auth.userGrantRole('root', 'root');
  await client.auth.enable();
}

test('a certificate of the verified chain names the caller by its common name', async (t) => {
  const authority = await testAuthority(t);
  const member = await startMember(t, authority);
  const root = member.client({ tls: await authority.client('root') });
  await withRoot(root);
  await root.put('k', 'v');
  await refused(t, 'permission-denied', member.client({ tls: await authority.client('app') }).put('k', 'v'));
});

test('a certificate that the chain does not vouch for names nobody, even on a connection that was let in', async (t) => {
  const [authority, another] = [await testAuthority(t), await testAuthority(t)];
  const member = await startMember(t, authority);
  await withRoot(member.client({ tls: await authority.client('root') }));
  const lax = { ...(await authority.server()), requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['h2'] };
  const server = createServer(lax, (socket) => member.front.serve(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const endpoints = [`https://127.0.0.1:${(server.address() as AddressInfo).port}`];
  const asRoot = async (signer: TestAuthority) =>
    member.client({ endpoints, tls: { ...(await signer.client('root')), ca: authority.ca } });
  await (await asRoot(authority)).put('k', 'v');
  await refused(t, 'user-empty', (await asRoot(another)).put('k', 'v'));
});

test('a token wins over the certificate', async (t) => {
  const authority = await testAuthority(t);
  const member = await startMember(t, authority);
  const client = member.client({ tls: await authority.client('root') });
  await client.auth.userAdd('app', 'secret');
  await withRoot(client);
  client.useToken(await client.auth.authenticate('app', 'secret'));
  await refused(t, 'permission-denied', client.put('k', 'v'));
});

test('a token is also taken from the metadata "authorization", with or without Bearer', async (t) => {
  const member = await startMember(t);
  const client = member.client();
  await withRoot(client, 'secret');
  const token = await client.auth.authenticate('root', 'secret');
  t.is(await raw(t, member, kvMethods.put, { key }, { authorization: token }), 'OK');
  t.is(await raw(t, member, kvMethods.put, { key }, { authorization: `Bearer ${token}` }), 'OK');
  t.is(await raw(t, member, kvMethods.put, { key }), 'INVALID_ARGUMENT etcdserver: user name is empty');
});

test('a caller whose rights changed while the proposal was under way is identified anew', async (t) => {
  const member = await startMember(t);
  const client = member.client();
  await withRoot(client, 'secret');
  client.useToken(await client.auth.authenticate('root', 'secret'));
  member.log.before = () => client.auth.roleAdd('another');
  await client.put('k', 'v');
  t.truthy(await client.get('k'));
});

test('a password is checked anew when users changed before the sign-in was applied', async (t) => {
  const member = await startMember(t);
  const [client, other] = [member.client(), member.client()];
  await withRoot(client, 'secret');
  other.useToken(await other.auth.authenticate('root', 'secret'));
  member.log.before = () => other.auth.userChangePassword('root', 'changed');
  await refused(t, 'auth-failed', client.auth.authenticate('root', 'secret'));
  client.useToken(await client.auth.authenticate('root', 'changed'));
  await client.put('k', 'v');
});

test('a password never stands in the log or the state, an empty one either', async (t) => {
  const { client, state } = await startMember(t);
  await client().auth.userAdd('app', 'hunter2');
  t.regex(state.auth.user('app')?.passwordHash ?? '', /^\$2b\$/);
  await client().auth.userAdd('other', '');
  t.regex(state.auth.user('other')?.passwordHash ?? '', /^\$2b\$/);
  t.true(await compare('', state.auth.user('other')?.passwordHash ?? ''));
});

test('with hasleader, calls to a member without a leader are refused; without, serializable reads are served', async (t) => {
  const member = await startMember(t);
  member.log.leader = noMember;
  const request = { key, serializable: true };
  t.is(await raw(t, member, kvMethods.range, request), 'OK');
  t.is(await raw(t, member, kvMethods.range, request, { hasleader: 'true' }), 'UNAVAILABLE etcdserver: no leader');
  t.is(await raw(t, member, kvMethods.range, { key }), 'UNAVAILABLE etcdserver: no leader');
});

const readOnly: readonly (readonly [what: string, txn: Parameters<EtcdClient['txn']>[0], linearized: number])[] = [
  ['linearizable reads, also nested', { success: [range({ key }), { ...nothing, failure: [range({ key })] }] }, 1],
  ['one linearizable read among serializable ones', { success: [ownView], failure: [range({ key })] }, 1],
  ['serializable reads, also nested', { success: [ownView], failure: [{ ...nothing, success: [ownView] }] }, 0],
  ['compares and nothing else', { compare: [{ key, result: 'equal', against: { target: 'version', number: 0 } }] }, 1],
];

for (const [what, txn, linearized] of readOnly) {
  test(`a transaction of ${what} takes no place in the log and waits for it ${linearized} times`, async (t) => {
    const { client, log } = await startMember(t);
    t.true((await client().txn(txn)).succeeded);
    t.deepEqual([Number(log.applied), log.linearized], [0, linearized]);
  });
}

test('a transaction that writes in either branch goes through the log', async (t) => {
  const { client, log } = await startMember(t);
  const { results, header } = await client().txn({ success: [put('k', 'v'), range({ key })] });
  t.deepEqual([Number(log.applied), Number(header.revision)], [1, 2]);
  t.is(results[1]?.kind === 'range' ? results[1].count : 0, 1);
  await client().txn({ success: [range({ key })], failure: [{ ...nothing, success: [put('k', 'w')] }] });
  t.is(Number(log.applied), 2);
});

test('a compaction that is to be physical is answered when the old revisions are gone', async (t) => {
  const member = await startMember(t);
  for (const value of ['1', '2', '3']) await member.client().put('k', value);
  t.is(await raw(t, member, kvMethods.compact, { revision: 3 }), 'OK');
  t.true(member.kv.compactionPending);
  t.is(await raw(t, member, kvMethods.compact, { revision: 4, physical: true }), 'OK');
  t.false(member.kv.compactionPending);
});

test('the answers carry the ids, the term and the revision of the store', async (t) => {
  const { client } = await startMember(t);
  const { header } = await client().put('k', 'v');
  t.deepEqual(header, { clusterId: 0xabcdefn, memberId: 0xfedcba9876543210n, revision: 2, term: 2 } as never);
  t.deepEqual((await client().range({ key })).header, header);
});

test('what is larger than a request may be, but not by much, is refused with the text of etcd', async (t) => {
  const member = await startMember(t);
  const value = Buffer.alloc(1.6 * 1024 * 1024);
  t.is(await raw(t, member, kvMethods.put, { key, value }), 'INVALID_ARGUMENT etcdserver: request is too large');
  t.regex(await raw(t, member, kvMethods.put, { key, value: Buffer.alloc(3e6) }), /^RESOURCE_EXHAUSTED /);
});

test('methods that are not there yet are unimplemented, by name', async (t) => {
  const member = await startMember(t);
  const nothing = { ...kvMethods.put, path: '/etcdserverpb.KV/Nothing' };
  t.regex(await raw(t, member, nothing, {}), /^UNIMPLEMENTED .*unknown method Nothing for service etcdserverpb\.KV/);
});

test('status and members are told to anybody who is somebody', async (t) => {
  const { client, endpoint } = await startMember(t);
  const { version, leader, header, term, appliedIndex, dbSize } = await client().status(endpoint);
  t.like(
    { version, leader, term, appliedIndex, dbSize },
    { version: '3.6.0', leader: header.memberId, term: 2, appliedIndex: 0, dbSize: 20480 },
  );
  t.deepEqual(await client().memberList(), [
    { id: header.memberId, name: 'm1', peerUrls: ['https://p:2380'], clientUrls: ['https://c:2379'], learner: false },
  ]);
  await withRoot(client(), 'secret');
  await refused(t, 'user-empty', client().status(endpoint));
  await refused(t, 'user-empty', client().memberList());
});

test('the status of a member without a leader says so among its errors', async (t) => {
  const { client, endpoint, log } = await startMember(t);
  log.leader = noMember;
  const { errors, leader } = await client().status(endpoint);
  t.deepEqual([errors, leader], [['etcdserver: no leader'], noMember]);
});

test('the health of the whole server is served, of others not found', async (t) => {
  const member = await startMember(t);
  t.is(await member.client().health(member.endpoint), 'serving');
  t.is(await raw(t, member, healthMethods.check, { service: 'other' }), 'NOT_FOUND unknown service');
});

test('the list of services has the server as a whole, in the bytes of an etcd on gRPC 1.72 or later', async (t) => {
  const member = await startMember(t);
  const client = new Client(member.endpoint.replace('http://', ''), credentials.createInsecure());
  t.teardown(() => client.close());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const answer = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(healthMethods.list.path, asIs, asIs, Buffer.of(), (error, bytes) =>
      error === null ? resolve(bytes?.toString('hex')) : reject(error),
    );
  });
  t.is(answer, '0a060a0012020801');
});

test('a health watch says serving, and not serving when the server stops', async (t) => {
  const member = await startMember(t);
  const client = new Client(member.endpoint.replace('http://', ''), credentials.createInsecure());
  t.teardown(() => client.close());
  const { path, requestSerialize, responseDeserialize } = healthMethods.watch;
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
  const seen: number[] = [];
  for await (const { status: serving } of stream) {
    seen.push(serving);
    if (seen.length === 1) void member.front.close();
  }
  t.deepEqual(seen, [1, 2]);
});

test('closing lets calls under way end, takes no new ones, and ends those that take too long', async (t) => {
  const member = await startMember(t);
  const client = member.client();
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let closed: Promise<void> | undefined;
  member.log.before = () => {
    closed = member.front.close(60_000);
    setImmediate(letGo);
    return held;
  };
  await client.put('k', 'v');
  await closed;
  t.is(member.kv.revision, revision(2));
  const stuck = await startMember(t);
  stuck.log.before = () => {
    closed = stuck.front.close(0);
    return new Promise(() => undefined);
  };
  await refused(t, 'connection-failed', stuck.client().put('k', 'v'));
  await closed;
});

test('a client that goes away aborts what it asked for, one that was answered does not', async (t) => {
  const member = await startMember(t);
  const controller = new AbortController();
  const signals: AbortSignal[] = [];
  const gone = new Promise<void>((resolve) => {
    member.state.compactionDone = async (signal) => {
      signals.push(signal);
      if (signals.length === 1) return;
      signal.addEventListener('abort', () => resolve());
      controller.abort();
      await gone;
    };
  });
  for (const value of ['1', '2']) await member.client().put('k', value);
  const client = member.client();
  await client.compact(revision(2), { physical: true });
  await refused(t, 'cancelled', client.compact(revision(3), { physical: true, signal: controller.signal }));
  await gone;
  t.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, true],
  );
});
