import { spawnSync } from 'node:child_process';
import { chmodSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Diagnosis } from '../../../wizard/doctor/diagnosis.js';
import { judge } from '../../judges.js';
import { main } from '../commands/quorate.js';
import { appliedCluster, plannedCluster, type TestCluster } from '../run/cluster.js';

// What is wrong with a folder and the machine that it is on, through the command.

const codesOf = (stdout: string): string[] =>
  (JSON.parse(stdout) as { found: Diagnosis[] }).found.map(({ code, where }) => `${code} ${where}`);

async function look(cluster: TestCluster): Promise<string[]> {
  const { stdout } = await cluster.run(['doctor', '--json']);
  return codesOf(stdout);
}

test('a port that somebody else has, and a mode that lets others in', async (t) => {
  const cluster = await appliedCluster(t);
  t.deepEqual(await look(cluster), ['store-unreachable the cluster']);
  const server = createServer().listen(cluster.members[0]?.clientPort, '127.0.0.1');
  t.teardown(() => server.close());
  chmodSync(cluster.at('pki'), 0o755);
  t.deepEqual((await look(cluster)).sort(), [
    `mode-differs ${cluster.at('pki')}`,
    'port-taken m1',
    'store-unreachable the cluster',
  ]);
});

judge('etcd').test('an etcd that was started before its authority was changed', async (t) => {
  const cluster = await appliedCluster(t, { engine: 'etcd' });
  t.is((await cluster.run(['up', '-d'])).code, 0);
  t.deepEqual(await look(cluster), []);
  const later = new Date(Date.now() + 1_000);
  utimesSync(cluster.at('members/m1/etc/quorate/ca.crt'), later, later);
  t.deepEqual(await look(cluster), ['authority-unread m1']);
});

// Mounts of one's own need no rights where users may have namespaces of their own.
const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--map-root-user'];
const mayMount = spawnSync('unshare', [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']).status === 0;
const mounting = judge(mayMount ? 'unshare' : 'the right to mount');

/** After a shell's lines, which find DIR in $0 and may mount what only they see. */
function lookAfter(t: ExecutionContext, cluster: TestCluster, lines: string): string[] {
  const script = `set -e; ${lines}\n"$1" "$2" doctor --json --dir "$0" || test $? -le 2`;
  const all = [...namespace, 'sh', '-c', script, cluster.dir, process.execPath, main];
  const { status, stdout, stderr } = spawnSync('unshare', all, { encoding: 'utf8' });
  t.is(status, 0, stderr);
  return codesOf(stdout);
}

mounting.test('a disk that is almost full', async (t) => {
  const cluster = await appliedCluster(t);
  const lines =
    'mkdir /tmp/full; mount -t tmpfs -o size=4m tmpfs /tmp/full; cp -a "$0/." /tmp/full; mount --bind /tmp/full "$0"';
  const found = lookAfter(t, cluster, `mount -t tmpfs tmpfs /mnt; ${lines.replaceAll('/tmp/full', '/mnt/full')}`);
  t.deepEqual(found, [`disk-low ${cluster.dir}`, 'store-unreachable the cluster']);
});

mounting.test('a unit on this host that is not the one of the plan', async (t) => {
  const cluster = await plannedCluster(t);
  cluster.writePlan((text) =>
    text.replace('engine: included', 'engine: included, run: systemd').replaceAll('127.0.0.1', '10.0.0.1'),
  );
  t.is((await cluster.run(['apply'])).code, 0);
  const installed = '/etc/systemd/system/quorate.service';
  const found = lookAfter(
    t,
    cluster,
    `mkdir -p /etc/systemd/system; mount -t tmpfs tmpfs /etc/systemd/system; echo "[Service]" > ${installed}`,
  );
  t.true(found.includes(`unit-differs ${installed}`), found.join('\n'));
  const same = `mount -t tmpfs tmpfs /etc/systemd/system; cp "$0"/members/m1${installed} ${installed}`;
  t.false(lookAfter(t, cluster, same).some((each) => each.startsWith('unit-differs')));
});
