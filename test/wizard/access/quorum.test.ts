import { readFileSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { appliedCluster, eventually, rootClient } from '../run/cluster.js';

const many = 120;
const steps = 4 * many;

const declared = `access:
  roles:
    - { name: writer, permissions: [{ access: readwrite, prefix: /app/ }] }
${Array.from({ length: many }, (_, n) => `    - { name: r${n}, permissions: [{ access: read, prefix: /r${n}/ }] }`).join('\n')}
  users:
    - { name: app, roles: [writer] }
${Array.from({ length: many }, (_, n) => `    - { name: u${n}, roles: [r${n}]${n < 5 ? ', password: true' : ''} }`).join('\n')}
`;

/** It is killed while access is applied, and then two of three members are lost. */
const isBrokenOff = (engine: 'included' | 'etcd') => async (t: ExecutionContext) => {
  t.timeout(180_000);
  const cluster = await appliedCluster(t, { count: 3, engine });
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const file = cluster.at('access.yaml');
  writeFileSync(file, declared);
  const client = rootClient(t, cluster);
  const apply = ['access', 'apply', '--file', file, '--passwords', cluster.at('passwords')];
  const roles = async (): Promise<number> => (await client.auth.roleList()).filter((role) => /^r\d/.test(role)).length;
  const killed = cluster.start(apply);
  await eventually('some roles are there', async () => (await roles()) || undefined);
  killed.kill('SIGKILL');
  t.is((await killed.ended).code, null);
  t.is((await cluster.run(['access', 'plan', '--file', file])).code, 2);
  const before = await roles();
  const applying = cluster.start(apply);
  await eventually('more roles are there', async () => (await roles()) > before || undefined);
  for (const name of ['m2', 'm3']) process.kill(cluster.pid(name) ?? 0, 'SIGKILL');
  const { code, stderr } = await applying.ended;
  t.is(code, 1, stderr);
  t.regex(stderr, /error: stopped after \d+ of \d+ steps: .+\nhint: quorate access plan says what is left/);
  const without = await cluster.run(['access', 'plan', '--file', file]);
  t.is(without.code, 1);
  t.notRegex(without.stderr, /mistake in quorate itself/);

  t.is((await cluster.run(['up', '-d'])).code, 0);
  const left = await cluster.run(['access', 'plan', '--file', file, '--json']);
  t.is(left.code, 2, left.stderr);
  const passwords = readFileSync(cluster.at('passwords'), 'utf8');
  t.is(passwords.trim().split('\n').length, 5);
  const { steps: stillLeft } = JSON.parse(left.stdout) as { steps: number };
  t.true(stillLeft > 0 && stillLeft < steps, `${stillLeft} steps`);
  const again = await cluster.run(apply);
  t.is(again.code, 0, again.stderr);
  t.is((await cluster.run(['access', 'plan', '--file', file])).code, 0);
  t.is(readFileSync(cluster.at('passwords'), 'utf8'), passwords, 'none is made anew');
  for (const line of passwords.trim().split('\n')) {
    const [name = '', password = ''] = line.split(/\s+/);
    t.truthy(await client.auth.authenticate(name, password));
  }
};

judge('etcd').test(
  'a kill, and a majority that is lost, while access is applied: the included store',
  isBrokenOff('included'),
);
judge('etcd').test('a kill, and a majority that is lost, while access is applied: etcd', isBrokenOff('etcd'));
