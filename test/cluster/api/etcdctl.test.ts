import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { type TestAuthority, temporaryFolder, testAuthority } from '../../certificates.js';
import { judge } from '../../judges.js';
import { startMember } from './member.js';

const etcdctl = judge('etcdctl');
const run = promisify(execFile);

type Etcdctl = (...args: string[]) => Promise<string>;

/** etcdctl as this user, over mutual TLS; gives what it prints, or throws with what it says. */
async function etcdctlAs(
  t: ExecutionContext,
  name: string,
  endpoint: string,
  authority: TestAuthority,
): Promise<Etcdctl> {
  const folder = await temporaryFolder(t);
  const { ca, cert, key } = await authority.client(name);
  const files = { ca: join(folder, 'ca.crt'), cert: join(folder, 'user.crt'), key: join(folder, 'user.key') };
  await Promise.all([writeFile(files.ca, ca), writeFile(files.cert, cert), writeFile(files.key, key)]);
  const env = {
    PATH: process.env.PATH,
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: endpoint,
    ETCDCTL_CACERT: files.ca,
    ETCDCTL_CERT: files.cert,
    ETCDCTL_KEY: files.key,
  };
  return async (...args) => (await run('etcdctl', args, { env })).stdout;
}

async function secured(t: ExecutionContext) {
  const authority = await testAuthority(t);
  const { endpoint } = await startMember(t, authority);
  return { root: await etcdctlAs(t, 'root', endpoint, authority), app: await etcdctlAs(t, 'app', endpoint, authority) };
}

etcdctl.test('etcdctl puts, gets by prefix, counts, deletes and compacts', async (t) => {
  const { root } = await secured(t);
  for (const [key, value] of [
    ['/a/2', 'two'],
    ['/a/1', 'one'],
    ['/b', 'other'],
  ] as const)
    await root('put', key, value);
  t.is(await root('get', '--prefix', '/a/'), '/a/1\none\n/a/2\ntwo\n');
  t.is(await root('get', '--prefix', '/a/', '--order=DESCEND', '--limit=1', '--keys-only'), '/a/2\n\n');
  t.regex(await root('get', '--from-key', '/a/2', '--limit=1', '-w', 'fields'), /"More" : true\n"Count" : 2/);
  t.is(await root('put', '--prev-kv', '/b', 'new'), 'OK\n/b\nother\n');
  t.is(await root('del', '--prefix', '/a/'), '2\n');
  t.is(await root('get', '--prefix', '', '--rev=3', '--print-value-only'), 'one\ntwo\n');
  t.is(await root('compact', '--physical', '5'), 'compacted revision 5\n');
  await t.throwsAsync(root('get', '/b', '--rev=3'), { message: /required revision has been compacted/ });
});

etcdctl.test('etcdctl sees the endpoint, its health and the members', async (t) => {
  const { root } = await secured(t);
  const [status] = JSON.parse(await root('endpoint', 'status', '-w', 'json'));
  t.like(status.Status, { version: '3.6.0', dbSize: 20480, dbSizeInUse: 8192, raftTerm: 2 });
  t.regex(await root('endpoint', 'health', '-w', 'json'), /"health":true/);
  t.regex(await root('member', 'list'), /^fedcba9876543210, started, m1, /);
  t.is(await root('alarm', 'list'), '');
});

etcdctl.test('etcdctl sets users, roles and permissions up, and they hold', async (t) => {
  const { root, app } = await secured(t);
  await root('user', 'add', 'root', '--no-password');
  await root('role', 'add', 'writer');
  await root('role', 'grant-permission', 'writer', 'readwrite', '/app/', '--prefix=true');
  await root('user', 'add', 'app', '--no-password');
  await root('user', 'grant-role', 'app', 'writer');
  await root('user', 'add', 'human:secret');
  await root('user', 'grant-role', 'human', 'writer');
  await root('auth', 'enable');
  await app('put', '/app/1', 'v');
  await t.throwsAsync(app('put', '/other', 'v'), { message: /etcdserver: permission denied/ });
  t.is(await app('--user', 'human:secret', 'get', '/app/1', '--print-value-only'), 'v\n');
  await t.throwsAsync(app('--user', 'human:wrong', 'get', '/app/1'), { message: /authentication failed/ });
  t.is(
    await root('role', 'get', 'writer'),
    'Role writer\nKV Read:\n\t[/app/, /app0) (prefix /app/)\nKV Write:\n\t[/app/, /app0) (prefix /app/)\n',
  );
  t.is(await root('user', 'list'), 'app\nhuman\nroot\n');
  await root('user', 'revoke-role', 'app', 'writer');
  await t.throwsAsync(app('get', '/app/1'), { message: /permission denied/ });
  await root('auth', 'disable');
  await app('get', '/app/1');
});
