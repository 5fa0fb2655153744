import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { readMemberConfig } from '../../cluster/config/index.js';
import { readInitialAccess } from '../../cluster/member/initial-access.js';
import { apply } from '../../wizard/apply/apply.js';
import { desiredArtifacts } from '../../wizard/artifacts/desired.js';
import type { Plan } from '../../wizard/plan/plan.js';
import { engines, runModes } from '../../wizard/plan/plan.js';
import { judge } from '../judges.js';
import { freePort } from '../ports.js';
import { verified } from '../templates/systemd.js';
import { temporaryFolder } from './apply/folder.js';
import { samplePlan } from './plans.js';

// What apply writes is read by those it is for.

async function applied(t: ExecutionContext, plan: Plan): Promise<string> {
  const dir = join(temporaryFolder(t), "it's a folder");
  await apply({
    plan,
    dir,
    now: () => new Date(),
    signal: new AbortController().signal,
    say: () => {},
    progress: () => {},
  });
  return dir;
}

/** The variables that a shell has after sourcing a file. */
function variables(content: string): Record<string, string> {
  const output = execFileSync('env', ['-i', 'sh', '-c', `set -a\n${content}\nenv -0`], { encoding: 'utf8' });
  return Object.fromEntries(
    output
      .split('\0')
      .filter((line) => line.startsWith('ETCD_'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

for (const run of runModes.filter((mode) => mode !== 'static-pod')) {
  test(`a member of the included engine understands every setting that apply writes for run ${run}`, (t) => {
    for (const artifact of desiredArtifacts(samplePlan('included', run, 5), "/srv/it's a folder")) {
      if (artifact.kind !== 'file' || !artifact.path.endsWith('member.env')) continue;
      const { config, warnings } = readMemberConfig([], variables(artifact.content));
      t.deepEqual(warnings, []);
      t.true(config.clientCertAuth);
      t.is(config.initialCluster.length, 5);
    }
  });
}

test('a member of the included engine reads the users and roles that apply writes', async (t) => {
  const dir = await applied(t, samplePlan('included', 'local', 1));
  const access = await readInitialAccess(join(dir, 'members/m1/etc/quorate/initial-access.json'));
  t.true(access.enable);
  t.deepEqual(
    access.users.map(({ name, roles }) => [name, roles]),
    [
      ['root', ['root']],
      ['app', ['app-writer']],
      ['odd', ['odd']],
      ['backup', ['root']],
    ],
  );
  const [, odd] = access.roles;
  t.deepEqual(
    odd?.permissions.map(({ key, end }) => [Buffer.from(key).toString('hex'), Buffer.from(end ?? []).toString('hex')]),
    [
      ['7f', '80'],
      ['7e', '00'],
    ],
  );
});

for (const engine of engines) {
  judge('systemd-analyze').test(`systemd has nothing to say against the unit of engine ${engine}`, (t) => {
    const artifacts = desiredArtifacts(samplePlan(engine, 'systemd', 1), '/srv/quorate');
    const unit = artifacts.find((artifact) => artifact.kind === 'file' && artifact.path.endsWith('.service'));
    const text = unit?.kind === 'file' ? unit.content : '';
    t.regex(text, /ExecStart=/);
    t.deepEqual(verified(text, basename(unit?.path ?? '', '.service')), { status: 0, said: '' });
  });
}

async function localPlan(): Promise<Plan> {
  const plan = samplePlan('etcd', 'local', 3);
  const members = await Promise.all(
    plan.members.map(async (member) => ({ ...member, clientPort: await freePort(), peerPort: await freePort() })),
  );
  return { ...plan, members };
}

judge('etcd', 'etcdctl').test(
  'etcd runs with the settings of its members, etcdctl reaches it with those of a kit, and no user is taken for a peer',
  async (t) => {
    t.timeout(120_000);
    const plan = await localPlan();
    const dir = await applied(t, plan);
    for (const { name } of plan.members) {
      const script = 'set -a; . "$0"; exec etcd';
      const child = spawn('sh', ['-c', script, join(dir, 'members', name, 'etc/quorate/member.env')], {
        stdio: 'ignore',
      });
      t.teardown(async () => {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      });
    }
    const etcdctl = async (user: string, command: string): Promise<string> => {
      const script = `. "$0"; exec etcdctl ${command}`;
      return (await promisify(execFile)('sh', ['-c', script, join(dir, 'users', user, `${user}.env`)])).stdout;
    };
    const deadline = Date.now() + 60_000;
    let health = '';
    while (!/(is healthy[\s\S]*){3}/.test(health) && Date.now() < deadline) {
      health = await etcdctl('root', 'endpoint health 2>&1').catch(() => delay(200).then(() => ''));
    }
    t.regex(health, /(is healthy[\s\S]*){3}/);
    t.is(await etcdctl('app', 'put /app/hello world'), 'OK\n');
    t.is(await etcdctl('root', 'get --print-value-only /app/hello'), 'world\n');

    // One authority signs users and members: a user's certificate must not do for a peer's.
    const asPeer = (folder: string, name: string): Promise<number | undefined> =>
      peerAnswer(plan, join(dir, folder), name);
    t.is(await asPeer('members/m2/etc/quorate', 'peer'), 200);
    await t.throwsAsync(asPeer('users/root', 'root'));
  },
);

/** The status with which the first member's peer port answers whoever has this certificate. */
async function peerAnswer(plan: Plan, folder: string, name: string): Promise<number | undefined> {
  const read = (file: string): Buffer => readFileSync(join(folder, file));
  const request = get({
    host: '127.0.0.1',
    port: plan.members[0]?.peerPort,
    path: '/members',
    ca: read('ca.crt'),
    cert: read(`${name}.crt`),
    key: read(`${name}.key`),
    agent: false,
  });
  const [response] = await once(request, 'response');
  response.resume();
  return response.statusCode;
}
