import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import bcrypt from 'bcrypt';
import { noMember } from '../../../cluster/numbers.js';
import { authMethods, clusterMethods, kvMethods, maintenanceMethods } from '../../../cluster/wire/services.js';
import { Server } from '../../differential/server.js';
import { startOurs } from '../../differential/servers.js';
import { startMember } from './member.js';
import { answered, callsTo } from './situations.js';

// What etcd 3.4 does not have, or has with nothing to compare by.
// conformance: Auth.AuthStatus Auth.UserAdd{hashedPassword} Auth.UserChangePassword{hashedPassword}
// conformance: Cluster.MemberList{linearizable} Maintenance.Hash

async function ours(t: Parameters<typeof startOurs>[0]): Promise<Server> {
  const server = new Server(await startOurs(t));
  t.teardown(() => server.close());
  return server;
}

test('the state of auth is told with the number of its changes', async (t) => {
  const server = await ours(t);
  const before = await server.ask(authMethods.authStatus, {});
  t.false(before.enabled);
  await server.ask(authMethods.userAdd, { name: 'u', password: 'x' });
  const after = await server.ask(authMethods.authStatus, {});
  t.is(Number(after.authRevision), Number(before.authRevision) + 1);
});

test('a client that hashes passwords itself adds users who sign in with them, and changes passwords so', async (t) => {
  const server = await ours(t);
  const hashed = async (password: string) => Buffer.from(await bcrypt.hash(password, 4)).toString('base64');
  for (const name of ['root', 'u'])
    await server.ask(authMethods.userAdd, { name, hashedPassword: await hashed('first') });
  await server.ask(authMethods.userChangePassword, { name: 'u', hashedPassword: await hashed('second') });
  await server.ask(authMethods.roleAdd, { name: 'root' });
  await server.ask(authMethods.userGrantRole, { user: 'root', role: 'root' });
  await server.ask(authMethods.authEnable, {});
  const signsIn = async (name: string, password: string) =>
    'answer' in (await server.call(authMethods.authenticate, { name, password }));
  t.true(await signsIn('root', 'first'));
  t.deepEqual([await signsIn('u', 'first'), await signsIn('u', 'second')], [false, true]);
});

test('what is given as a hash and is none is refused, and nobody is added', async (t) => {
  const server = await ours(t);
  const answer = await server.call(authMethods.userAdd, { name: 'u', hashedPassword: 'bm90IGEgaGFzaA==' });
  t.like(answer, { code: 3 });
  t.deepEqual((await server.ask(authMethods.userList, {})).users, []);
});

test('members are listed as this member knows them, or linearizably', async (t) => {
  const member = await startMember(t);
  const calls = callsTo(member.endpoint);
  t.teardown(() => calls.close());
  const list = (linearizable: boolean) =>
    answered(calls, () => calls.anywhere(clusterMethods.memberList, { linearizable }, 'once'));
  t.deepEqual([await list(false), await list(true)], ['OK', 'OK']);
  member.log.leader = noMember;
  t.deepEqual([await list(false), await list(true)], ['OK', '14 etcdserver: no leader']);
});

test('the hash of the state is the same until the state changes', async (t) => {
  const server = await ours(t);
  // What the member has to say of itself when it has started is a change too.
  const hasSaid = async () => (await server.ask(clusterMethods.memberList, {})).members[0]?.clientURLs?.length === 1;
  while (!(await hasSaid())) await delay(10);
  const hash = async () => (await server.ask(maintenanceMethods.hash, {})).hash;
  const before = await hash();
  t.is(await hash(), before);
  await server.ask(kvMethods.put, { key: Buffer.from('k') });
  t.not(await hash(), before);
});
