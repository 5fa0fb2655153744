import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { identityOf, mayBeAlive } from '../../../wizard/apply/process-identity.js';
import { down } from '../../../wizard/run/down.js';
import { main, quorate } from '../commands/quorate.js';
import { appliedCluster, eventually, isAlive, plannedCluster, type TestCluster } from './cluster.js';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

interface MemberRow {
  readonly name: string;
  readonly state: string;
  readonly pid?: number;
}

async function statusOf(cluster: TestCluster): Promise<{ code: number | null; members: readonly MemberRow[] }> {
  const { code, stdout } = await cluster.run(['status', '--json']);
  return { code, members: JSON.parse(stdout).members };
}

test('up --detach says how to connect, status sees every member, a second up starts nothing, down stops all', async (t) => {
  const cluster = await appliedCluster(t, { count: 3 });
  const up = await cluster.run(['up', '--detach']);
  t.is(up.code, 0, up.stderr);
  t.is(up.stderr, 'demo is healthy: started m1, m2, m3\n');
  t.is(
    up.stdout,
    `. ${cluster.at('users/app/app.env')}\netcdctl put /app/hello world\nquorate status --dir ${cluster.dir}\n`,
  );
  const status = await statusOf(cluster);
  t.is(status.code, 0);
  t.deepEqual(
    status.members.map(({ name, pid }) => [name, pid]),
    cluster.members.map(({ name }) => [name, cluster.pid(name)]),
  );
  t.deepEqual(status.members.map(({ state }) => state).sort(), ['follower', 'follower', 'leader']);
  t.is(modeOf(cluster.at('run')), 0o700);
  for (const { name } of cluster.members)
    t.deepEqual([modeOf(cluster.at(`run/${name}.log`)), modeOf(cluster.at(`run/${name}.pid`))], [0o600, 0o600]);

  const pids = cluster.members.map(({ name }) => cluster.pid(name));
  for (const args of [['up', '--detach'], ['up']]) {
    const again = await cluster.run(args);
    t.is(again.code, 0);
    t.regex(again.stderr, /^all 3 members of demo were running, and are healthy\n/);
    t.is(again.stdout, up.stdout);
  }
  t.deepEqual(
    cluster.members.map(({ name }) => cluster.pid(name)),
    pids,
  );

  const down = await cluster.run(['down', '--json']);
  t.deepEqual([down.code, JSON.parse(down.stdout)], [0, { stopped: ['m1', 'm2', 'm3'] }]);
  for (const pid of pids) t.false(isAlive(pid ?? 0));
  const after = await statusOf(cluster);
  t.deepEqual(
    [after.code, after.members.map(({ state }) => state)],
    [1, ['unreachable', 'unreachable', 'unreachable']],
  );
  const none = await cluster.run(['down']);
  t.deepEqual([none.code, none.stderr], [0, 'no member was running here\n']);
});

test('up in the foreground starts what is missing and on Ctrl-C stops only that', async (t) => {
  const cluster = await appliedCluster(t, { count: 3 });
  t.is((await cluster.run(['up', '--detach'])).code, 0);
  const [pid1, pid2] = [cluster.pid('m1'), cluster.pid('m2')];
  process.kill(pid2 ?? 0, 'SIGKILL');
  await eventually('m2 is gone', () => (isAlive(pid2 ?? 0) ? undefined : true));
  const child = spawn(process.execPath, [main, 'up', '--dir', cluster.dir]);
  const said = text(child.stderr);
  await once(child.stdout, 'data');
  t.not(cluster.pid('m2'), pid2);
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  t.is(code, 0);
  t.is(await said, 'demo is healthy: started m2\nCtrl-C stops m2.\nstopped m2; their data is kept\n');
  t.deepEqual(
    (await statusOf(cluster)).members.map(({ name, pid }) => [name, pid]),
    [
      ['m1', pid1],
      ['m2', undefined],
      ['m3', cluster.pid('m3')],
    ],
  );
});

test('members outlive the terminal that up --detach was typed in', async (t) => {
  const cluster = await appliedCluster(t);
  // A shell of its own session, and all of that session killed, as when a terminal is closed.
  const shell = spawn(
    'sh',
    ['-c', '"$0" "$@"; echo up; sleep 600', process.execPath, main, 'up', '-d', '--dir', cluster.dir],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  let said = '';
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  await eventually('up returned', () => (said.endsWith('up\n') ? true : undefined));
  process.kill(-(shell.pid ?? 0), 'SIGHUP');
  process.kill(-(shell.pid ?? 0), 'SIGKILL');
  await once(shell, 'close');
  t.is((await statusOf(cluster)).code, 0);
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`up in the foreground stops its member when it gets ${signal}`, async (t) => {
    const cluster = await appliedCluster(t);
    const child = spawn(process.execPath, [main, 'up', '--dir', cluster.dir]);
    await once(child.stdout, 'data');
    const pid = cluster.pid('m1') ?? 0;
    child.kill(signal);
    t.deepEqual(await once(child, 'close'), [0, null]);
    t.false(isAlive(pid));
    t.is(cluster.pid('m1'), undefined);
  });
}

test('up in the foreground tells of a member that dies, and ends when none is left', async (t) => {
  const cluster = await appliedCluster(t);
  const up = cluster.start(['up']);
  const pid = await eventually('m1 is healthy', async () =>
    (await statusOf(cluster)).code === 0 ? cluster.pid('m1') : undefined,
  );
  process.kill(pid, 'SIGKILL');
  const { code, stderr } = await up.ended;
  t.is(code, 1);
  t.regex(
    stderr,
    /error: member m1 was killed by SIGKILL: it said last\n( {2}\d\d:\d\d:\d\d \w+: .*\n)+hint: the whole log is .*run\/m1\.log\n/,
  );
});

test('up in the foreground ends well when down is typed elsewhere', async (t) => {
  const cluster = await appliedCluster(t);
  const up = cluster.start(['up']);
  await eventually('m1 is healthy', async () => ((await statusOf(cluster)).code === 0 ? true : undefined));
  t.is((await cluster.run(['down'])).code, 0);
  const { code, stderr } = await up.ended;
  t.is(code, 0);
  t.regex(stderr, /member m1 was told to stop by somebody else\n/);
});

/** Members that seem to run, so that m1 alone is started and finds no quorum. */
function pretendToRun(
  t: Parameters<typeof appliedCluster>[0],
  cluster: TestCluster,
  names: readonly string[],
): () => void {
  const sleeper = spawn('sleep', ['600']);
  t.teardown(() => sleeper.kill('SIGKILL'));
  const { pid, host, started } = identityOf(sleeper.pid ?? 0);
  for (const name of names) writeFileSync(cluster.at(`run/${name}.pid`), `${pid}\n${host}\n${started}\n`);
  return () => sleeper.kill('SIGKILL');
}

test('up that is cancelled before the cluster is healthy stops what it started and exits with 130', async (t) => {
  const cluster = await appliedCluster(t, { count: 3 });
  pretendToRun(t, cluster, ['m2', 'm3']);
  const up = cluster.start(['up']);
  const pid = await eventually('m1 is started', () => cluster.pid('m1'));
  await eventually('m1 has begun', () => (existsSync(cluster.at('data/m1/log')) ? true : undefined));
  up.kill('SIGINT');
  const { code, stdout, stderr } = await up.ended;
  t.deepEqual([code, stdout], [130, '']);
  t.regex(stderr, /^stopped before the cluster was healthy; .* their data is kept\nhint: quorate up --dir /);
  t.false(isAlive(pid));
  t.is(cluster.pid('m1'), undefined);
});

test('a member that ends during the start is named with what it failed at, and the others are stopped again', async (t) => {
  const cluster = await appliedCluster(t, { count: 3 });
  writeFileSync(cluster.at('members/m2/etc/quorate/initial-access.json'), 'no JSON');
  const { code, stdout, stderr } = await cluster.run(['up', '--detach']);
  t.deepEqual([code, stdout], [1, '']);
  t.regex(
    stderr,
    /^error: member m2 ended with code 2: --initial-access-file .*initial-access\.json: it is not JSON\nhint: .*quorate apply.*; the whole log is .*run\/m2\.log\n$/,
  );
  for (const { name } of cluster.members) t.is(cluster.pid(name), undefined);
});

test('two runs of up at the same time start every member once', async (t) => {
  const cluster = await appliedCluster(t, { count: 3 });
  const runs = await Promise.all([cluster.run(['up', '-d']), cluster.run(['up', '-d'])]);
  const said = runs.map(({ stderr }) => stderr).sort();
  t.is(runs.filter(({ code }) => code === 0).length, runs.some(({ code }) => code === 1) ? 1 : 2, said.join(''));
  // The other one is at work, or is done already.
  t.regex(
    said.find((text) => !text.includes('started m1')) ?? '',
    /^error: process \d+ on .* is at work here\nhint: wait until it is done|^all 3 members of demo were running/,
  );
  t.is((await cluster.run(['down'])).stderr, 'stopped m1, m2, m3; their data is kept\n');
});

test('settings in the environment of whoever types up do not reach the members', async (t) => {
  const cluster = await appliedCluster(t);
  const { code, stderr } = await cluster.run(['up', '-d'], {
    ETCD_NAME: 'stranger',
    ETCD_DATA_DIR: '/nonexistent/data',
    ETCD_NO_SUCH_FLAG: '1',
    ETCD_LOG_LEVEL: 'error',
  });
  t.is(code, 0, stderr);
});

test('a pid file that names no living member is none: down passes it, up starts the member', async (t) => {
  const cluster = await appliedCluster(t);
  const stale = {
    empty: '',
    garbage: 'no number\n',
    'of a process that is no more': `4194000\n${hostname()}\n\n`,
    'with the number of another, later process': `${process.pid}\n${hostname()}\nanother boot:1\n`,
  };
  for (const [title, content] of Object.entries(stale)) {
    writeFileSync(cluster.at('run/m1.pid'), content);
    t.deepEqual(await down(cluster.dir), [], title);
    t.is(cluster.pid('m1'), undefined, title);
  }
  writeFileSync(cluster.at('run/m1.pid'), stale['with the number of another, later process']);
  const { code, stderr } = await cluster.run(['up', '-d']);
  t.deepEqual([code, stderr], [0, 'demo is healthy: started m1\n']);
});

test('a member that was started on another machine is neither started nor stopped here', async (t) => {
  const cluster = await appliedCluster(t);
  // A process of this machine with the same number must not be touched.
  const sleeper = spawn('sleep', ['600']);
  t.teardown(() => sleeper.kill('SIGKILL'));
  writeFileSync(cluster.at('run/m1.pid'), `${sleeper.pid}\nelsewhere.example\n\n`);
  for (const command of ['up', 'down']) {
    const { code, stderr } = await cluster.run([command]);
    t.is(code, 1);
    t.regex(
      stderr,
      /^error: member m1 was started on elsewhere\.example, as process \d+\nhint: stop it there; .*delete .*run\/m1\.pid\n$/,
    );
  }
  t.is(sleeper.exitCode, null);
  writeFileSync(cluster.at('run/m1.pid'), '');
});

test('down also stops a member that the plan does not name any more, and works when the plan is refused', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  cluster.writePlan((plan) => plan.replace('name: m1', 'name: other').replace('version: 1', 'version: 2'));
  const { code, stderr } = await cluster.run(['down']);
  t.deepEqual([code, stderr], [0, 'stopped m1; their data is kept\n']);
});

test('down in a folder that is no cluster says so', async (t) => {
  const { code, stderr } = await quorate(['down', '--dir', '/nonexistent']);
  t.is(code, 1);
  t.regex(stderr, /^error: there is no plan at \/nonexistent\/quorate\.yaml\nhint: quorate init writes one/);
  const { dir } = await plannedCluster(t);
  const inside = await quorate(['down', '--dir', join(dir, 'quorate')]);
  t.true(inside.stderr.endsWith(`hint: there is one in ${dir}: name it with --dir or QUORATE_DIR\n`), inside.stderr);
});

test('a zombie does not count as alive', async (t) => {
  // What takes the shell's place never asks for the shell's child.
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  const identity = identityOf(Number(line));
  t.true(mayBeAlive(identity));
  process.kill(identity.pid, 'SIGKILL');
  await eventually('it is a zombie', () => (mayBeAlive(identity) ? undefined : true));
  t.notThrows(() => process.kill(identity.pid, 0), 'the system still has its number');
});
