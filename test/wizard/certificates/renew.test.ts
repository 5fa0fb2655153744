import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { appliedCluster, eventually, type TestCluster } from '../run/cluster.js';

const dayMs = 86_400_000;
const daysAgo = (days: number): Date => new Date(Date.now() - days * dayMs);

const read = (cluster: TestCluster, path: string): string => readFileSync(cluster.at(path), 'utf8');
const serialOf = (cluster: TestCluster, path: string): string => new X509Certificate(read(cluster, path)).serialNumber;
const server = 'members/m1/etc/quorate/server';

test('what is past two thirds of its life is due, is said so to monitoring, and is renewed under its key', async (t) => {
  const cluster = await appliedCluster(t, { now: daysAgo(250) });
  const check = await cluster.run(['cert', 'renew', '--check', '--metrics-file', cluster.at('q.prom')]);
  t.is(check.code, 2, check.stderr);
  t.regex(check.stdout, /^app +due +114 days left$/m);
  const metrics = read(cluster, 'q.prom').trim().split('\n');
  for (const line of metrics) t.regex(line, /^(# (HELP|TYPE) \w+ .+|\w+\{(\w+="[^"]*",?)+\} [\d.]+|)$/);
  const ends = metrics.filter((line) => line.startsWith('quorate_certificate_not_after_timestamp_seconds{'));
  t.is(ends.length, 4);

  const key = read(cluster, `${server}.key`);
  const dry = await cluster.run(['cert', 'renew', '--dry-run']);
  t.deepEqual([dry.code, dry.stdout.trim().split('\n').length], [0, 4], dry.stderr);
  const before = serialOf(cluster, `${server}.crt`);
  const renewed = await cluster.run(['cert', 'renew']);
  t.is(renewed.code, 0, renewed.stderr);
  t.not(serialOf(cluster, `${server}.crt`), before);
  t.is(read(cluster, `${server}.key`), key);
  t.is((await cluster.run(['cert', 'renew', '--check'])).code, 0);
  const again = await cluster.run(['cert', 'renew', '--json']);
  t.deepEqual(JSON.parse(again.stdout), { renewed: [] });
  t.is((await cluster.run(['plan'])).code, 0);
});

test('one that is named is renewed for as long as is asked, under a new key if that is wanted', async (t) => {
  const cluster = await appliedCluster(t);
  const [key, user] = [read(cluster, `${server}.key`), serialOf(cluster, 'users/app/app.crt')];
  const { code, stdout, stderr } = await cluster.run(['cert', 'renew', 'm1/server', '--new-key', '--days', '20']);
  t.is(code, 0, stderr);
  t.regex(stdout, /^m1\/server {2}until /);
  t.not(read(cluster, `${server}.key`), key);
  t.is(serialOf(cluster, 'users/app/app.crt'), user);
  const { validTo } = new X509Certificate(read(cluster, `${server}.crt`));
  t.true(Math.abs(Date.parse(validTo) - Date.now() - 20 * dayMs) < dayMs);
  const verified = await cluster.run(['cert', 'verify', '--json']);
  t.notRegex(verified.stdout, /"severity": "error"/);
});

test('a certificate that is not that of its key is said to monitoring, and names are looked at', async (t) => {
  const cluster = await appliedCluster(t);
  writeFileSync(cluster.at(`${server}.key`), read(cluster, 'members/m1/etc/quorate/peer.key'));
  const check = await cluster.run(['cert', 'renew', '--check']);
  t.is(check.code, 1);
  t.regex(check.stdout, /^m1\/server +key-differs/m);
  t.is((await cluster.run(['cert', 'renew', '--check', 'app'])).code, 0);
  t.is((await cluster.run(['cert', 'renew', '--check', 'nobody'])).code, 2);
  t.is((await cluster.run(['cert', 'renew', '--metrics-file', cluster.at('q.prom')])).code, 2);
});

test('what can not be renewed is said, and nothing changes', async (t) => {
  const cluster = await appliedCluster(t);
  const before = serialOf(cluster, `${server}.crt`);
  for (const [words, code, said] of [
    [['m2'], 2, /error: the plan has no certificate of m2\nhint: there are: root, app, m1\/server, m1\/peer/],
    [['app', '--all'], 2, /--all, and names beside it/],
    [['app', '--days', '0'], 2, /--days: 0 is no number of days/],
    [['app', '--days', 'x'], 2, /--days: NaN is no number of days/],
  ] as const) {
    const ended = await cluster.run(['cert', 'renew', ...words]);
    t.is(ended.code, code, ended.stderr);
    t.regex(ended.stderr, said);
  }
  writeFileSync(cluster.at('run/apply.lock'), JSON.stringify({ pid: process.pid, host: '', started: '' }));
  const busy = await cluster.run(['cert', 'renew', '--all']);
  t.is(busy.code, 1);
  t.regex(busy.stderr, /is at work here/);
  t.is(serialOf(cluster, `${server}.crt`), before);
});

/** A connection with app's certificate, and the serial that the member presents. */
async function handshake(cluster: TestCluster): Promise<{ socket: TLSSocket; serial: string }> {
  const kit = (end: string): string => read(cluster, `users/app/${end}`);
  const socket = connect({
    port: cluster.members[0]?.clientPort ?? 0,
    host: '127.0.0.1',
    ...{ ca: kit('ca.crt'), cert: kit('app.crt'), key: kit('app.key'), ALPNProtocols: ['h2'] },
  });
  await once(socket, 'secureConnect');
  return { socket, serial: socket.getPeerX509Certificate()?.serialNumber ?? '' };
}

const pickedUp = (engine: 'included' | 'etcd') => async (t: ExecutionContext) => {
  const cluster = await appliedCluster(t, { engine });
  const up = await cluster.run(['up', '-d']);
  t.is(up.code, 0, up.stderr);
  const open = await handshake(cluster);
  t.teardown(() => open.socket.destroy());
  let ended = false;
  open.socket.on('close', () => {
    ended = true;
  });
  for (const way of [[], ['--new-key']]) {
    t.is((await cluster.run(['cert', 'renew', '--all', ...way])).code, 0);
    const wanted = serialOf(cluster, `${server}.crt`);
    await eventually('the new certificate is presented', async () => {
      const { socket, serial } = await handshake(cluster);
      socket.destroy();
      return serial === wanted || undefined;
    });
  }
  t.false(ended);
  t.is((await cluster.run(['status'])).code, 0);
};

test(
  'the included member presents what was renewed without a restart, and keeps its connections',
  pickedUp('included'),
);
judge('etcd').test('etcd presents what was renewed without a restart, and keeps its connections', pickedUp('etcd'));
