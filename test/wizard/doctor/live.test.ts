import { execFile } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { EtcdClient } from '#cluster';
import type { Diagnosis } from '../../../wizard/doctor/diagnosis.js';
import { examineForeign, examinePlan } from '../../../wizard/doctor/examine.js';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { appliedCluster, type TestCluster } from '../run/cluster.js';

const run = promisify(execFile);

const surroundings = (dir: string) => ({
  ...{ dir, flag: '', now: () => new Date(), note: () => {} },
  signal: new AbortController().signal,
});

const look = (cluster: TestCluster): Promise<readonly Diagnosis[]> =>
  examinePlan(
    parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'a plan').plan,
    surroundings(cluster.dir),
  );

const short = (found: readonly Diagnosis[]): string[] => found.map(({ code, where }) => `${code} ${where}`);

function etcdctlOf(cluster: TestCluster) {
  const kit = (end: string): string => cluster.at(`users/root/${end}`);
  const tls = [`--cacert=${kit('ca.crt')}`, `--cert=${kit('root.crt')}`, `--key=${kit('root.key')}`];
  const endpoints = `--endpoints=${cluster.members.map(({ clientPort }) => `https://127.0.0.1:${clientPort}`).join(',')}`;
  return (...words: string[]) =>
    run('etcdctl', [endpoints, ...tls, ...words], { env: { ...process.env, ETCDCTL_API: '3' } });
}

/** As for a cluster that is in no plan, by its first member. */
function foreignOptions(cluster: TestCluster, user = 'root'): string[] {
  const kit = (end: string): string => cluster.at(`users/${user}/${end}`);
  const tls = ['--cacert', kit('ca.crt'), '--cert', kit(`${user}.crt`), '--key', kit(`${user}.key`)];
  return ['--endpoints', `https://127.0.0.1:${cluster.members[0]?.clientPort}`, ...tls];
}

async function checkOf(t: ExecutionContext, engine: 'included' | 'etcd'): Promise<void> {
  t.timeout(120_000);
  const cluster = await appliedCluster(t, { engine, count: 3 });
  const up = await cluster.run(['up', '-d']);
  t.is(up.code, 0, up.stderr);
  const began = performance.now();
  t.deepEqual(await look(cluster), []);
  t.true(performance.now() - began < 5_000);
  const byOneMember = ['doctor', ...foreignOptions(cluster)];
  const whole = await cluster.run(byOneMember);
  t.is(whole.code, 0, whole.stdout);
  for (const { clientPort } of cluster.members.slice(1)) t.regex(whole.stderr, new RegExp(`:${clientPort}\\b`));

  const etcdctl = etcdctlOf(cluster);
  await etcdctl('role', 'grant-permission', 'writer', 'read', 'secret');
  await etcdctl('user', 'add', '--no-password', 'ghost');
  await etcdctl('user', 'delete', 'app');
  chmodSync(cluster.at('users/app/app.key'), 0o644);
  appendFileSync(cluster.at('members/m1/etc/quorate/member.env'), '# by hand\n');
  t.deepEqual(short(await look(cluster)), [
    `file-differs ${cluster.at('members/m1/etc/quorate/member.env')}`,
    `key-exposed ${cluster.at('users/app/app.key')}`,
    'access-differs role writer',
    'access-differs user app',
    'user-without-certificate user ghost',
    'certificate-without-user certificate app',
  ]);
  const mended = await cluster.run(['doctor', '--fix', '--json']);
  t.is(mended.code, 2, mended.stderr);
  const { found } = JSON.parse(mended.stdout) as { found: (Diagnosis & { why: string })[] };
  t.deepEqual(
    found.map(({ code }) => code),
    ['access-differs', 'access-differs', 'user-without-certificate', 'certificate-without-user'],
  );
  for (const { why, next } of found) t.true(why !== '' && next !== undefined);

  await etcdctl('auth', 'disable');
  t.true(short(await look(cluster)).includes('auth-off the cluster'));
  process.kill(cluster.pid('m3') ?? 0, 'SIGKILL');
  const seenByOne = await cluster.run(byOneMember);
  t.regex(seenByOne.stdout, new RegExp(`error .*:${cluster.members[2]?.clientPort}: .*refused`));
  process.kill(cluster.pid('m2') ?? 0, 'SIGKILL');
  const broken = short(await look(cluster));
  for (const port of [cluster.members[1]?.clientPort, cluster.members[2]?.peerPort])
    t.true(broken.includes(`unreachable 127.0.0.1:${port}`), broken.join('\n'));
  t.true(
    broken.some((each) => /^(no-quorum|store-unreachable|no-leader)/.test(each)),
    broken.join('\n'),
  );
}

test('nothing is wrong with three members, and each mistake is found: the included store', (t) =>
  checkOf(t, 'included'));
judge('etcd', 'etcdctl').test('nothing is wrong with three members, and each mistake is found: etcd', (t) =>
  checkOf(t, 'etcd'),
);

test('a folder whose authority is lost, and certificates that have ended, are told from a plan without anything', async (t) => {
  const cluster = await appliedCluster(t, { now: new Date(Date.now() - 400 * 86_400_000) });
  const ended = short(await look(cluster));
  for (const file of ['users/app/app.crt', 'members/m1/etc/quorate/server.crt'])
    t.true(ended.includes(`expired ${cluster.at(file)}`), ended.join('\n'));
  const { stdout } = await cluster.run(['doctor', ...foreignOptions(cluster, 'app')]);
  t.regex(stdout, /error .*app\.crt: the certificate that you sign in with: expired at/);
  renameSync(cluster.at('pki/ca.crt'), cluster.at('pki/away'));
  t.true(short(await look(cluster)).some((each) => each.startsWith('authority-unreadable')));
});

test('what would be passed over in silence is refused', async (t) => {
  const { run: quorate } = await appliedCluster(t, {});
  for (const [options, said] of [
    [['--endpoints', 'http://127.0.0.1:9', '--fix'], /--fix mends what is in DIR/],
    [['--fix', 'etcd.yaml'], /--fix mends what is in DIR/],
    [['etcd.yaml', '--endpoints', 'http://127.0.0.1:9'], /name one of the two/],
  ] as const) {
    const { code, stderr } = await quorate(['doctor', ...options]);
    t.is(code, 2);
    t.regex(stderr, said);
  }
});

judge('etcd', 'openssl').test(
  "an etcd of the usual tutorial, which nobody here made, is told what's wrong with it",
  async (t) => {
    const folder = temporaryFolder(t);
    const at = (name: string): string => join(folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(at('ext'), 'extendedKeyUsage=clientAuth,serverAuth\n');
    const openssl = (line: string) => run('openssl', line.split(' '), { cwd: folder });
    await openssl('req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=etcd-ca -days 10');
    await openssl('req -newkey rsa:2048 -nodes -keyout a.key -out a.csr -subj /CN=etcd');
    await openssl('x509 -req -in a.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out a.crt -days 10 -extfile ext');
    const tls = ['--cert-file', at('a.crt'), '--key-file', at('a.key'), '--trusted-ca-file', at('ca.crt')];
    const etcd = await startEtcd(t, undefined, undefined, []);
    await etcd.stop();
    const urls = `https://127.0.0.1:${etcd.port}`;
    await startAgain(t, etcd.dataFolder, [
      ...tls,
      '--listen-client-urls',
      urls,
      '--advertise-client-urls',
      'https://0.0.0.0:2379',
    ]);
    const read = (name: string): string => readFileSync(at(name), 'utf8');
    const credentials = { ca: read('ca.crt'), cert: read('a.crt'), key: read('a.key') };
    const client = EtcdClient.connect({ endpoints: [urls], tls: credentials });
    t.teardown(() => client.close());
    const found = await examineForeign(
      { client, tls: credentials, paths: { ca: at('ca.crt'), certificate: at('a.crt'), key: at('a.key') } },
      surroundings(folder),
    );
    const codes = found.map(({ code }) => code);
    t.true(codes.includes('no-names') || codes.includes('names-missing'), codes.join());
    // What the handshake keeps from being asked is said, too.
    t.true(codes.includes('store-unreachable') || codes.includes('auth-off'), codes.join());
  },
);

async function startAgain(t: ExecutionContext, dataFolder: string, flags: readonly string[]): Promise<void> {
  const { spawn } = await import('node:child_process');
  const peer = 'http://127.0.0.1:0';
  const child = spawn('etcd', ['--name', 'judge', '--data-dir', dataFolder, '--listen-peer-urls', peer, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.once('exit', () => reject(new Error(said.slice(-2000))));
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/serving client/.test(said)) resolve();
    });
  });
}
