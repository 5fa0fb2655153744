import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'ava';
import { judge } from '../../judges.js';
import { keysBelow } from '../apply/folder.js';
import { main } from '../commands/quorate.js';
import { appliedCluster, plannedCluster, type TestCluster } from './cluster.js';

const memberFile = (name: string): string => `members/m1/etc/quorate/${name}`;

/** `up` ends with an error and starts nothing. */
async function refused(t: Parameters<typeof appliedCluster>[0], cluster: TestCluster, said: RegExp): Promise<void> {
  const { code, stdout, stderr } = await cluster.run(['up', '--detach']);
  t.deepEqual([code, stdout], [1, '']);
  t.regex(stderr, said);
  t.is(cluster.pid('m1'), undefined);
}

for (const [what, missing] of [
  ['no ca.key', ['ca.key']],
  ['no ca.crt', ['ca.crt']],
] as const) {
  test(`an authority with ${what} is refused, never replaced, and goes on once it is whole again`, async (t) => {
    const cluster = await appliedCluster(t);
    const keep = cluster.at('keep');
    cpSync(cluster.at('pki'), keep, { recursive: true });
    for (const file of missing) rmSync(cluster.at(`pki/${file}`));
    rmSync(cluster.at('users/app'), { recursive: true });
    const before = keysBelow(cluster.dir);
    const { code, stderr } = await cluster.run(['apply']);
    t.is(code, 1);
    t.regex(
      stderr,
      new RegExp(`^error: the authority in .*/pki is broken: .* but ${what}\nhint: restore .* from a backup`),
    );
    t.deepEqual(keysBelow(cluster.dir), before);
    t.false(readdirSync(cluster.at('users')).includes('app'));
    for (const file of missing) copyFileSync(`${keep}/${file}`, cluster.at(`pki/${file}`));
    t.is((await cluster.run(['apply'])).code, 0);
  });
}

test('certificates that have expired stop up before anything is started; apply renews them under their keys', async (t) => {
  const longAgo = new Date(Date.now() - 400 * 86_400_000);
  const cluster = await appliedCluster(t, { now: longAgo });
  const keys = keysBelow(cluster.dir);
  await refused(
    t,
    cluster,
    /^error: 3 faults:\n(?: {2}.*\/(?:server|peer|root)\.crt: expired at \d{4}-.*\n){3}hint: quorate apply --dir /,
  );
  const status = await cluster.run(['status']);
  t.is(status.code, 1);
  t.regex(status.stdout, /m1 server +expired 3[56] days ago/);
  t.is((await cluster.run(['apply'])).code, 0);
  t.deepEqual(keysBelow(cluster.dir), keys);
  const up = await cluster.run(['up', '-d']);
  t.is(up.code, 0, up.stderr);
});

test("a certificate of another cluster's authority is refused by up, and by a cluster that runs", async (t) => {
  const [cluster, stranger] = await Promise.all([appliedCluster(t), appliedCluster(t)]);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  for (const file of ['root.crt', 'root.key'])
    copyFileSync(stranger.at(`users/root/${file}`), cluster.at(`users/root/${file}`));
  const status = await cluster.run(['status']);
  t.is(status.code, 1);
  t.regex(status.stdout, /m1 +unreachable .*TLS: the server hung up during the handshake\n/);
  t.regex(status.stdout, /user root .*demo CA of .*ca\.crt did not sign it/);
  t.regex(
    readFileSync(cluster.at('run/m1.log'), 'utf8'),
    /rejected connection.*signed by an authority that is not trusted here/,
  );
  t.is((await cluster.run(['down'])).code, 0);
  await refused(t, cluster, /^error: .*users\/root\/root\.crt: demo CA of .* did not sign it/);
});

test("a member's key that is gone or another's is named, and apply mends it without touching the others", async (t) => {
  const cluster = await appliedCluster(t);
  const path = cluster.at(memberFile('server.key'));
  rmSync(path);
  await refused(t, cluster, /^error: cannot read .*server\.key: there is no such file\nhint: quorate apply --dir /);
  copyFileSync(cluster.at('users/app/app.key'), path);
  await refused(t, cluster, /^error: .*server\.key: it is not the key of the certificate\nhint: quorate apply --dir /);
  const peer = readFileSync(cluster.at(memberFile('peer.key')));
  t.is((await cluster.run(['apply'])).code, 0);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  t.deepEqual(readFileSync(cluster.at(memberFile('peer.key'))), peer);
});

for (const which of ['clientPort', 'peerPort'] as const) {
  test(`a ${which} that another process has is named with the process, and nothing is started`, async (t) => {
    const cluster = await appliedCluster(t);
    const port = cluster.members[0]?.[which] ?? 0;
    const server = createServer().listen(port, '127.0.0.1');
    t.teardown(() => server.close());
    await once(server, 'listening');
    const said = `^error: member m1: 127\\.0\\.0\\.1 port ${port} is in use by \\S+ \\(pid ${process.pid}\\)\nhint: `;
    await refused(t, cluster, new RegExp(said));
  });
}

// A mount of one's own needs no rights where users may have namespaces of their own.
const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const mayMount = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']).status === 0;

judge(mayMount ? 'unshare' : 'the right to mount').test(
  'a folder that can not be written to is named by apply and by up, and is not changed',
  async (t) => {
    const cluster = await plannedCluster(t);
    const script = `mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" || exit 99
      node="$1"; main="$2"; shift 2; "$node" "$main" "$@" --dir "$0"`;
    const readOnly = (...args: readonly string[]) => {
      const all = [...namespace, 'sh', '-c', script, cluster.dir, process.execPath, main, ...args];
      return spawnSync('unshare', all, { encoding: 'utf8' });
    };
    const apply = readOnly('apply');
    t.is(apply.status, 1, apply.stderr);
    t.regex(apply.stderr, /^error: cannot .*quorate\/run.*: the file system is read-only\nhint: mount it writable/);
    t.deepEqual(readdirSync(cluster.dir), ['quorate.yaml']);
    t.is((await cluster.run(['apply'])).code, 0);
    const up = readOnly('up', '-d');
    t.is(up.status, 1, up.stderr);
    t.regex(up.stderr, /^error: cannot .*\/run\/.*: the file system is read-only\nhint: mount it writable/);
  },
);
