import type { ExecutionContext } from 'ava';
import { connect, type EtcdClient } from '../../../cluster/client/client.js';
import { keysWithPrefix, put, range } from '../../../cluster/client/operations.js';
import { ClusterError, type ClusterErrorCode } from '../../../cluster/errors.js';
import { revision } from '../../../cluster/numbers.js';
import { type TestAuthority, testAuthority } from '../../certificates.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';

const etcd = judge('etcd');
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

async function plainClient(t: ExecutionContext): Promise<EtcdClient> {
  const { endpoint } = await startEtcd(t);
  const client = connect({ endpoints: [endpoint] });
  t.teardown(() => client.close());
  return client;
}

async function refused(t: ExecutionContext, code: ClusterErrorCode, call: Promise<unknown>): Promise<ClusterError> {
  const error = await t.throwsAsync(call, { instanceOf: ClusterError }, code);
  t.is(error?.code, code, error?.message);
  return error as ClusterError;
}

etcd.test('keys are put, read in order, counted and deleted on a real etcd', async (t) => {
  const client = await plainClient(t);
  await client.put('/app/b', '2');
  const { header } = await client.put('/app/a', Buffer.from([0, 255]));
  const { kvs, count, more } = await client.range({ ...keysWithPrefix('/app/'), limit: 1, order: 'ascend' });
  t.deepEqual([kvs.map(({ key }) => text(key)), count, more], [['/app/a'], 2, true]);
  t.deepEqual([...(kvs[0]?.value ?? [])], [0, 255]);
  t.is(kvs[0]?.modRevision, header.revision);
  t.is(await client.get('/app/missing'), undefined);
  const { deleted } = await client.delete(keysWithPrefix('/app/'));
  t.is(deleted, 2);
});

etcd.test('a transaction on a real etcd takes the branch that its compares choose', async (t) => {
  const client = await plainClient(t);
  const key = Buffer.from('k');
  const once = {
    compare: [{ key, result: 'equal', against: { target: 'version', number: 0 } }],
    success: [put('k', 'first')],
    failure: [range({ key }), { kind: 'txn', compare: [], success: [range({ key })], failure: [] }],
  } as const;
  t.true((await client.txn(once)).succeeded);
  const { succeeded, results } = await client.txn(once);
  t.false(succeeded);
  const [found, nested] = results;
  t.is(found?.kind === 'range' ? text(found.kvs[0]?.value) : undefined, 'first');
  t.is(nested?.kind === 'txn' ? nested.results.length : undefined, 1);
});

etcd.test('a real etcd tells its status, its members and its health', async (t) => {
  const client = await plainClient(t);
  const [endpoint = ''] = client.endpoints;
  const status = await client.status(endpoint);
  const [member] = await client.memberList();
  t.regex(status.version, /^3\./);
  t.deepEqual([status.leader, status.header.memberId], [member?.id, member?.id]);
  t.true(status.appliedIndex > 0 && status.dbSize > 0 && status.term > 0);
  t.deepEqual([member?.name, member?.clientUrls, member?.learner], ['judge', [endpoint], false]);
  t.is(await client.health(endpoint), 'serving');
});

etcd.test('users, roles and permissions are set up on a real etcd, and a token gives what they allow', async (t) => {
  const client = await plainClient(t);
  const { auth } = client;
  t.false((await auth.status()).enabled);
  await auth.roleAdd('writer');
  await auth.roleGrantPermission('writer', { access: 'readwrite', ...keysWithPrefix('/app/') });
  t.deepEqual(
    (await auth.roleGet('writer')).map(({ access, key, end }) => [access, text(key), text(end)]),
    [['readwrite', '/app/', '/app0']],
  );
  await auth.userAdd('app', 'secret');
  await auth.userGrantRole('app', 'writer');
  await auth.userAdd('root', 'toor');
  await auth.userGrantRole('root', 'root');
  t.deepEqual(await auth.userGet('app'), ['writer']);
  await auth.enable();
  t.true((await auth.status()).enabled);
  client.useToken(await auth.authenticate('app', 'secret'));
  await client.put('/app/a', '1');
  await refused(t, 'permission-denied', client.put('/other', '1'));
  client.useToken(await auth.authenticate('root', 'toor'));
  t.deepEqual([await auth.userList(), await auth.roleList()], [['app', 'root'], ['writer']]);
  await auth.userChangePassword('app', 'other');
  await auth.roleRevokePermission('writer', keysWithPrefix('/app/'));
  await auth.userRevokeRole('app', 'writer');
  await auth.roleDelete('writer');
  await auth.userDelete('app');
  await auth.disable();
});

etcd.test('a certificate signs its user in to a real etcd with mutual TLS', async (t) => {
  const authority = await testAuthority(t);
  const { endpoint } = await startEtcd(t, authority);
  const client = connect({ endpoints: [endpoint], tls: await authority.client('root') });
  t.teardown(() => client.close());
  await client.auth.userAdd('root', undefined);
  await client.auth.userGrantRole('root', 'root');
  await client.auth.enable();
  t.true((await client.auth.status()).enabled);
  await client.put('k', 'v');
  t.is(text((await client.get('k'))?.value), 'v');
  const stranger = connect({ endpoints: [endpoint], tls: await authority.client('stranger') });
  t.teardown(() => stranger.close());
  await refused(t, 'permission-denied', stranger.put('k', 'v'));
  await refused(t, 'auth-failed', stranger.auth.authenticate('root', 'guess'));
});

const provoked: readonly (readonly [ClusterErrorCode, (client: EtcdClient) => Promise<unknown>])[] = [
  ['empty-key', (client) => client.put('', 'v')],
  ['empty-key', (client) => client.delete('')],
  ['key-not-found', (client) => client.txn({ success: [{ ...put('missing', ''), ignoreValue: true }] })],
  ['value-provided', (client) => client.txn({ success: [{ ...put('k', 'v'), ignoreValue: true }] })],
  ['too-many-ops', (client) => client.txn({ success: Array.from({ length: 129 }, (_, n) => put(`k${n}`, 'v')) })],
  ['duplicate-key', (client) => client.txn({ success: [put('k', '1'), put('k', '2')] })],
  ['request-too-large', (client) => client.put('k', Buffer.alloc(1.6 * 1024 * 1024))],
  ['future-revision', (client) => client.range({ key: Buffer.from('k'), revision: revision(1000) })],
  ['future-revision', (client) => client.compact(revision(1000))],
  ['user-empty', (client) => client.auth.userAdd('', 'x')],
  ['user-not-found', (client) => client.auth.userGet('nobody')],
  ['user-not-found', (client) => client.auth.userDelete('nobody')],
  ['role-not-found', (client) => client.auth.roleGet('nothing')],
  ['role-already-exists', (client) => client.auth.roleAdd('twice').then(() => client.auth.roleAdd('twice'))],
  ['user-already-exists', (client) => client.auth.userAdd('twice', 'x').then(() => client.auth.userAdd('twice', 'x'))],
  ['role-not-granted', (client) => client.auth.userRevokeRole('twice', 'twice')],
  ['permission-not-granted', (client) => client.auth.roleRevokePermission('twice', { key: Buffer.from('k') })],
  ['root-user-not-exist', (client) => client.auth.enable()],
  ['root-role-not-exist', (client) => client.auth.userAdd('root', 'x').then(() => client.auth.enable())],
  ['auth-not-enabled', (client) => client.auth.authenticate('root', 'x')],
  [
    'compacted',
    (client) =>
      client
        .put('k', '')
        .then(({ header }) => client.compact(header.revision).then(() => client.compact(header.revision))),
  ],
];

etcd.test('what a real etcd refuses comes back as our code for its text', async (t) => {
  const client = await plainClient(t);
  for (const [code, provoke] of provoked) await refused(t, code, provoke(client));
});

async function unreachable(t: ExecutionContext, endpoint: string, tls?: Parameters<typeof connect>[0]['tls']) {
  const client = connect({ endpoints: [endpoint], ...(tls && { tls }) });
  t.teardown(() => client.close());
  const error = await refused(t, 'connection-failed', client.get('k', { timeoutMs: 2000 }));
  t.is(error.details.sent, false);
  return error;
}

async function secured(t: ExecutionContext): Promise<{ authority: TestAuthority; endpoint: string; port: number }> {
  const authority = await testAuthority(t);
  return { authority, ...(await startEtcd(t, authority)) };
}

etcd.test('a failed handshake with a real etcd is explained to a person', async (t) => {
  const { authority, endpoint, port } = await secured(t);
  const [ours, theirs] = [await authority.client('root'), await (await testAuthority(t)).client('root')];
  const wrongCa = await unreachable(t, endpoint, { ...ours, ca: theirs.ca });
  t.regex(wrongCa.message, /certificate is not signed by the given CA/);
  const noCertificate = await unreachable(t, endpoint, { ca: ours.ca });
  t.regex(noCertificate.message, /client certificate/);
  const wrongClient = await unreachable(t, endpoint, { ...theirs, ca: ours.ca });
  t.regex(wrongClient.message, /refused the client certificate/);
  const clear = await unreachable(t, `http://127.0.0.1:${port}`);
  t.regex(clear.message, /try https|no HTTP\/2|try http/);
});
