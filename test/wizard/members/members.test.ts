import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { freePort } from '../../ports.js';
import { appliedCluster, eventually, rootClient, type TestCluster } from '../run/cluster.js';

function etcdctlOf(cluster: TestCluster) {
  const kit = (end: string): string => cluster.at(`users/root/${end}`);
  const tls = [`--cacert=${kit('ca.crt')}`, `--cert=${kit('root.crt')}`, `--key=${kit('root.key')}`];
  return async (port: number | undefined, ...words: string[]): Promise<string> => {
    const args = [`--endpoints=https://127.0.0.1:${port}`, ...tls, '--command-timeout=20s', ...words];
    return (await promisify(execFile)('etcdctl', args, { env: { ...process.env, ETCDCTL_API: '3' } })).stdout;
  };
}

const comeAndGo = (engine: 'included' | 'etcd') => async (t: ExecutionContext) => {
  t.timeout(180_000);
  const cluster = await appliedCluster(t, { engine, count: 3 });
  const up = await cluster.run(['up', '-d']);
  t.is(up.code, 0, up.stderr);
  const etcdctl = etcdctlOf(cluster);
  const [m1, m2, m3] = cluster.members.map(({ clientPort }) => clientPort);
  await etcdctl(m1, 'put', '/kept', 'yes');
  const address = `127.0.0.1:${await freePort()},${await freePort()}`;
  const m4 = Number(/:(\d+),/.exec(address)?.[1]);

  const added = await cluster.run(['member', 'add', 'm4', address, '--json']);
  t.deepEqual([added.code, JSON.parse(added.stdout)], [0, { name: 'm4', state: 'voter' }], added.stderr);
  t.regex(readFileSync(cluster.at('quorate.yaml'), 'utf8'), /- \{ name: m4, .*joins: true \}/);
  t.is(await etcdctl(m4, 'get', '/kept', '--print-value-only'), 'yes\n');
  t.is((await cluster.run(['member', 'add', 'm4', address])).code, 0, 'what is done stays done');

  const removed = await cluster.run(['member', 'remove', 'm1', '--yes', '--json']);
  t.is(removed.code, 0, removed.stderr);
  t.is((JSON.parse(removed.stdout) as { revoked: string[] }).revoked.length, 2);
  t.is(cluster.pid('m1'), undefined);
  t.false(existsSync(cluster.at('members/m1')) || existsSync(cluster.at('data/m1')));
  t.is(readdirSync(cluster.at('retired/data')).length, 1);

  process.kill(cluster.pid('m3') ?? 0, 'SIGKILL');
  const replaced = await cluster.run(['member', 'replace', 'm3', '--yes']);
  t.is(replaced.code, 0, replaced.stderr);
  t.is(await etcdctl(m3, 'get', '/kept', '--print-value-only'), 'yes\n');
  const listed = JSON.parse((await cluster.run(['member', 'list', '--json'])).stdout) as {
    members: { name: string; learner: boolean }[];
  };
  t.deepEqual(listed.members.map(({ name, learner }) => [name, learner]).sort(), [
    ['m2', false],
    ['m3', false],
    ['m4', false],
  ]);
  await eventually('nothing is wrong', async () => {
    const { code, stdout } = await cluster.run(['doctor']);
    return code === 0 ? stdout === '' || undefined : undefined;
  });

  await takesOutWhatNeverStarted(t, cluster);

  process.kill(cluster.pid('m4') ?? 0, 'SIGKILL');
  const refused = await cluster.run(['member', 'remove', 'm2', '--yes']);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /without it 2 voters are left, of which 1 answer, and 2 are needed|no leader/);
  t.truthy(cluster.pid('m2'), 'it goes on');
  t.not(m2, undefined);
};

/** It has no name in the cluster yet. */
async function takesOutWhatNeverStarted(t: ExecutionContext, cluster: TestCluster): Promise<void> {
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const client = rootClient(t, cluster, cluster.members.slice(2, 3));
  const adding = (): Promise<unknown> => client.memberAdd([`https://127.0.0.1:${peerPort}`], true);
  // Members that have just met are not trusted for some seconds.
  await eventually('a learner is taken', () => adding().catch(() => undefined));
  const line = `  - { name: m9, host: 127.0.0.1, clientPort: ${clientPort}, peerPort: ${peerPort}, joins: true }\n`;
  cluster.writePlan((text) => text.replace('members:\n', `members:\n${line}`));
  t.is((await cluster.run(['apply'])).code, 0);
  const removed = await cluster.run(['member', 'remove', 'm9', '--yes', '--json']);
  t.is(removed.code, 0, removed.stderr);
  t.true((JSON.parse(removed.stdout) as { wasLive: boolean }).wasLive);
  t.is((await client.memberList()).length, 3);
}

test('a port that somebody has is told before the cluster hears of a member', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const server = createServer().listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await cluster.run(['member', 'add', 'm2', `127.0.0.1:${await freePort()},${port}`]);
  t.is(code, 1);
  t.regex(stderr, new RegExp(`^error: member m2: 127\\.0\\.0\\.1 port ${port} is in use`));
  const listed = await cluster.run(['member', 'list', '--json']);
  t.is((JSON.parse(listed.stdout) as { members: unknown[] }).members.length, 1);
});

judge('etcdctl').test(
  'members come, go and are replaced while the cluster serves: the included store',
  comeAndGo('included'),
);
judge('etcd', 'etcdctl').test('members come, go and are replaced while the cluster serves: etcd', comeAndGo('etcd'));

test('what is no member is refused before the cluster hears of it', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const [m1] = cluster.members;
  const before = readFileSync(cluster.at('quorate.yaml'), 'utf8');
  for (const [words, code, said] of [
    [['add', 'm2', '0.0.0.0'], 1, /0\.0\.0\.0 is no address that others can dial/],
    [['add', '../m2', '127.0.0.1:1'], 1, /can't be a member name/],
    [['add', 'm2', 'nonsense:x'], 1, /is no member/],
    [['add', 'm2', `127.0.0.1:${m1?.clientPort}`], 1, /is the client port of m2 and/],
    [['add', 'm1', '127.0.0.1:1,2'], 1, /m1 is in the plan already, at 127\.0\.0\.1/],
    [['remove', '../x', '--yes'], 2, /can't be a member name/],
    [['remove', 'm1', '--yes'], 1, /it is the last voter/],
    [['remove', 'm1'], 2, /there is nobody to ask/],
    [['replace', 'm9', '--yes'], 2, /the plan has no member "m9"\nhint: there are: m1/],
  ] as const) {
    const ended = await cluster.run(['member', ...words]);
    t.is(ended.code, code, `${words.join(' ')}: ${ended.stderr}`);
    t.regex(ended.stderr, said);
  }
  t.is(readFileSync(cluster.at('quorate.yaml'), 'utf8'), before);
  const { members } = JSON.parse((await cluster.run(['member', 'list', '--json'])).stdout) as { members: unknown[] };
  t.is(members.length, 1);
});
