import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { appliedCluster, eventually, rootClient, type TestCluster } from '../run/cluster.js';

const run = promisify(execFile);

/** etcdctl with the kit in this folder. */
async function etcdctl(cluster: TestCluster, folder: string, user: string, ...words: string[]): Promise<string> {
  const file = (end: string): string => join(cluster.dir, folder, end);
  const tls = [`--cacert=${file('ca.crt')}`, `--cert=${file(`${user}.crt`)}`, `--key=${file(`${user}.key`)}`];
  const args = [`--endpoints=https://127.0.0.1:${cluster.members[0]?.clientPort}`, ...tls, ...words];
  return (await run('etcdctl', args, { env: { ...process.env, ETCDCTL_API: '3' } })).stdout;
}

const inAndOut = (engine: 'included' | 'etcd') => async (t: ExecutionContext) => {
  const cluster = await appliedCluster(t, { engine });
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const added = await cluster.run(['user', 'add', 'ann', '--role', 'writer', '--password']);
  t.is(added.code, 0, added.stderr);
  t.is(added.stdout.trim(), cluster.at('users/ann'));
  t.is(await etcdctl(cluster, 'users/ann', 'ann', '--command-timeout=60s', 'put', '/app/x', '1'), 'OK\n');
  const again = await cluster.run(['user', 'add', 'ann', '--role', 'writer', '--password']);
  t.is(again.code, 0, again.stderr);
  const listed = JSON.parse((await cluster.run(['user', 'list', '--json'])).stdout) as { users: { name: string }[] };
  t.deepEqual(
    listed.users.map(({ name }) => name),
    ['root', 'app', 'ann'],
  );
  t.regex((await cluster.run(['user', 'show', 'ann'])).stdout, /^ann: writer\n {2}may readwrite prefix \/app\/\n/);
  const ending = async (days: string): Promise<string[]> =>
    [...(await cluster.run(['user', 'list', '--expiring', days])).stdout.matchAll(/^(\w+) +\w+ +here/gm)].map(
      ([, name = '']) => name,
    );
  t.deepEqual(await ending('300'), []);
  t.deepEqual(await ending('400'), ['root', 'app', 'ann']);
  t.is((await cluster.run(['user', 'renew', 'ann', '--days', '3'])).code, 0);
  t.deepEqual(await ending('5'), ['ann'], 'the one in use counts, and not the one that lasts longest');
  const password = readFileSync(cluster.at('users/ann/ann.password'), 'utf8').trim();
  t.false(`${added.stdout}${added.stderr}`.includes(password));

  const unasked = await cluster.run(['user', 'remove', 'ann']);
  t.is(unasked.code, 2);
  const removed = await cluster.run(['user', 'remove', 'ann', '--yes']);
  t.is(removed.code, 0, removed.stderr);
  t.false(existsSync(cluster.at('users/ann')));
  t.is((await cluster.run(['user', 'remove', 'ann', '--yes'])).code, 0, 'what is done already is no mistake');
  const mistyped = await cluster.run(['user', 'remove', 'anne', '--yes']);
  t.is(mistyped.code, 1);
  t.regex(mistyped.stderr, /nobody is called anne/);
  const [kit = ''] = readdirSync(cluster.at('retired/users'));
  await eventually('the certificate is refused', async () => {
    const asked = etcdctl(
      cluster,
      `retired/users/${kit}`,
      'ann',
      '--command-timeout=2s',
      '--dial-timeout=2s',
      'get',
      '/app/x',
    );
    return (await asked.catch(() => undefined)) === undefined ? true : undefined;
  });
  const withPassword = etcdctl(cluster, 'users/root', 'root', `--user=ann:${password}`, 'get', '/app/x');
  await t.throwsAsync(withPassword, { message: /authentication failed/ });
  t.notRegex(readFileSync(cluster.at('quorate.yaml'), 'utf8'), /ann/);
  t.is((await cluster.run(['plan'])).code, 0);
  t.is((await cluster.run(['access', 'plan', '--prune'])).code, 0);
  const done = await cluster.run(['user', 'remove', 'ann', '--yes', '--json']);
  t.is(done.code, 0, done.stderr);
  t.like(JSON.parse(done.stdout), { revoked: [], store: 'not-there' });
};

judge('etcdctl').test('somebody is given access and taken out again: included', inAndOut('included'));
judge('etcd', 'etcdctl').test('somebody is given access and taken out again: etcd', inAndOut('etcd'));

/** A watch of etcdctl's with the user's kit, which says when it sees its first change. */
function watching(cluster: TestCluster, t: ExecutionContext) {
  const words = ['watch', '/app/', '--prefix'];
  const child = spawn('sh', ['-c', `. '${cluster.at('users/app/app.env')}' && exec etcdctl "$@"`, 'sh', ...words]);
  t.teardown(() => child.kill('SIGKILL'));
  let seen = '';
  child.stdout.on('data', (chunk) => {
    seen += chunk;
  });
  return { seen: () => seen, child };
}

const endsWatches = (engine: 'included' | 'etcd') => async (t: ExecutionContext) => {
  const cluster = await appliedCluster(t, { engine, count: 3 });
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const watch = watching(cluster, t);
  await eventually('the watch sees a change', async () => {
    await etcdctl(cluster, 'users/root', 'root', 'put', '/app/x', 'before');
    return watch.seen().includes('before') || undefined;
  });
  const removed = await cluster.run(['user', 'remove', 'app', '--yes']);
  t.is(removed.code, 0, removed.stderr);
  t.regex(removed.stderr, /their watches end/);
  await etcdctl(cluster, 'users/root', 'root', 'put', '/app/x', 'after');
  await delay(500);
  t.false(watch.seen().includes('after'));
};

const seesNothingMore = 'a watch that is open when its user is removed sees nothing any more';
judge('etcdctl').test(`${seesNothingMore}: included`, endsWatches('included'));
judge('etcd', 'etcdctl').test(`${seesNothingMore}: etcd`, endsWatches('etcd'));

test('killed at any moment, a removal goes on when it is typed again', async (t) => {
  t.timeout(120_000);
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  t.is((await cluster.run(['user', 'add', 'ann', '--role', 'writer'])).code, 0);
  const words = ['user', 'remove', 'ann', '--yes'];
  let kills = 0;
  for (let ms = 250; ; ms += 75) {
    const run = cluster.start(words);
    const timer = setTimeout(() => run.kill('SIGKILL'), ms);
    const { code, stderr } = await run.ended;
    clearTimeout(timer);
    if (code === null) kills += 1;
    else {
      t.is(code, 0, stderr);
      break;
    }
  }
  t.true(kills > 3, `${kills} kills`);
  t.is((await cluster.run(['plan'])).code, 0);
  t.is((await cluster.run(['access', 'plan', '--prune'])).code, 0);
  const { certificates } = JSON.parse((await cluster.run(['cert', 'list', '--subject', 'ann', '--json'])).stdout) as {
    certificates: { state: string }[];
  };
  t.deepEqual(
    certificates.map(({ state }) => state),
    ['revoked'],
  );
  t.false(existsSync(cluster.at('users/ann')));
  t.is(readdirSync(cluster.at('retired/users')).length, 1);
});

test('members on hosts of their own do not know of a revocation yet, and that is said', async (t) => {
  const cluster = await appliedCluster(t);
  cluster.writePlan((text) => text.replace('name: demo', 'name: demo, run: systemd'));
  t.is((await cluster.run(['apply'])).code, 0);
  const { stderr } = await cluster.run(['user', 'remove', 'app', '--yes']);
  t.regex(stderr, /revoked [0-9a-f]{32}\n/);
  t.regex(stderr, /members refuse them as soon as the list is on their hosts:\n {2}.* -> m1:/);
});

test('a cluster that does not run is told of a removal later', async (t) => {
  const cluster = await appliedCluster(t);
  const offline = await cluster.run(['user', 'remove', 'app', '--yes']);
  t.is(offline.code, 1);
  t.regex(offline.stderr, /the store does not know of it yet.*\nhint: quorate user remove app, once the cluster runs/);
  t.notRegex(readFileSync(cluster.at('quorate.yaml'), 'utf8'), /name: app/);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  t.is((await cluster.run(['user', 'remove', 'app', '--yes'])).code, 0);
  const client = rootClient(t, cluster, cluster.members.slice(0, 1));
  t.deepEqual(await client.auth.userList(), ['root']);
});

test('names that are nobody, everybody or somewhere else are refused', async (t) => {
  const cluster = await appliedCluster(t);
  for (const [words, said] of [
    [['add', 'root', '--role', 'writer'], /root is there always/],
    [['add', 'ann'], /no role is given/],
    [['add', 'ann', '--role', 'nothing'], /there is no role "nothing"/],
    [['add', '../x', '--role', 'writer'], /can't be a user name/],
    [['add', 'APP', '--role', 'writer'], /is already the name of/],
    [['add', 'm1', '--role', 'writer'], /is a member's name/],
    [['add', 'app', '--role', 'writer', '--password'], /app is in the plan already, without a password/],
    [['add', 'ann', '--role', 'writer', '--pack', cluster.at('quorate.yaml')], /quorate\.yaml is there already/],
    [['remove', 'root', '--yes'], /root is not removed/],
    [['remove', '../../x', '--yes'], /can't be a user name/],
  ] as const) {
    const { code, stderr } = await cluster.run(['user', ...words]);
    t.not(code, 0);
    t.regex(stderr, said, words.join(' '));
  }
  t.is((await cluster.run(['plan'])).code, 0);
});
