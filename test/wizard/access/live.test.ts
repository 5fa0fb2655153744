import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { judge } from '../../judges.js';
import { appliedCluster, rootClient, type TestCluster } from '../run/cluster.js';

const run = promisify(execFile);

/** A cluster that runs, and etcdctl with a kit of it. */
async function live(t: ExecutionContext, engine: 'included' | 'etcd') {
  const cluster = await appliedCluster(t, { engine });
  const up = await cluster.run(['up', '-d']);
  t.is(up.code, 0, up.stderr);
  const etcdctl = async (user: string, ...words: string[]): Promise<string> => {
    const kit = (end: string): string => cluster.at(`users/${user}/${end}`);
    const [member] = cluster.members;
    const tls = [`--cacert=${kit('ca.crt')}`, `--cert=${kit(`${user}.crt`)}`, `--key=${kit(`${user}.key`)}`];
    const args = [`--endpoints=https://127.0.0.1:${member?.clientPort}`, ...tls, '--command-timeout=60s', ...words];
    return (await run('etcdctl', args, { env: { ...process.env, ETCDCTL_API: '3' } })).stdout;
  };
  return { cluster, etcdctl };
}

const declare = (cluster: TestCluster, text: string): string => {
  const file = cluster.at('access.yaml');
  writeFileSync(file, text);
  return file;
};

const declared = `access:
  roles:
    - name: writer
      permissions:
        - { access: readwrite, prefix: /app/ }
        - { access: read, key: /config }
    - { name: reader, permissions: [{ access: read, prefix: /app/ }] }
  users:
    - { name: app, roles: [reader] }
    - { name: bot, roles: [writer], password: true }
`;

for (const engine of ['included', 'etcd'] as const) {
  judge('etcd', 'etcdctl').test(`access of a live cluster is brought to what is declared: ${engine}`, async (t) => {
    const { cluster, etcdctl } = await live(t, engine);
    const same = await cluster.run(['access', 'plan']);
    t.deepEqual([same.code, same.stdout], [0, ''], same.stderr);

    const file = declare(cluster, declared);
    const plan = await cluster.run(['access', 'plan', '--file', file]);
    t.is(plan.code, 2);
    t.is(
      plan.stdout,
      [
        'create role reader: it is declared and not there',
        '         + read prefix /app/',
        'change role writer: it grants something else than is declared',
        '         + read key /config',
        'change user app: the roles are others than those declared',
        '         + role reader',
        '         - role writer',
        'create user bot: it is declared and not there',
        '         + role writer',
        '',
      ].join('\n'),
    );
    const passwords = cluster.at('new.txt');
    const apply = await cluster.run(['access', 'apply', '--file', file, '--passwords', passwords]);
    t.is(apply.code, 0, apply.stderr);
    t.is(statSync(passwords).mode & 0o777, 0o600);
    const [, password] = readFileSync(passwords, 'utf8').trim().split('\t');
    t.false(`${apply.stdout}${apply.stderr}`.includes(String(password)));
    t.is(await etcdctl('root', `--user=bot:${password}`, 'put', '/app/x', '1'), 'OK\n');
    t.regex(await etcdctl('app', 'get', '/app/x'), /^\/app\/x\n1\n/);
    await t.throwsAsync(etcdctl('app', 'put', '/app/x', '2'), { message: /permission denied/ });
    t.is((await cluster.run(['access', 'plan', '--file', file])).code, 0);
  });

  judge('etcd', 'etcdctl').test(
    `drift on a live cluster is found, and what is the same in other words is none: ${engine}`,
    async (t) => {
      const { cluster, etcdctl } = await live(t, engine);
      await etcdctl('root', 'role', 'revoke-permission', '--prefix', 'writer', '/app/');
      await etcdctl('root', 'role', 'grant-permission', 'writer', 'readwrite', '/app/', '/app/m');
      await etcdctl('root', 'role', 'grant-permission', 'writer', 'read', '/app/k', '/app0');
      await etcdctl('root', 'role', 'grant-permission', 'writer', 'write', '/app/m', '/app0');
      t.is((await cluster.run(['access', 'plan'])).code, 0);

      await etcdctl('root', 'role', 'grant-permission', 'writer', 'read', 'secret');
      await etcdctl('root', 'role', 'add', 'stray');
      const drift = await cluster.run(['plan', '--json']);
      t.is(drift.code, 2);
      const { steps, access } = JSON.parse(drift.stdout) as {
        steps: unknown[];
        access: { authIsOn: boolean; changes: { name: string; action: string; diff: string[] }[] };
      };
      t.deepEqual([steps, access.authIsOn], [[], true]);
      const { changes } = access;
      const of = (name: string) => changes.find((change) => change.name === name);
      t.deepEqual([of('writer')?.action, of('writer')?.diff], ['change', ['- read key secret']]);
      t.is(of('stray')?.action, 'keep');
      const pruned = await cluster.run(['access', 'apply', '--prune']);
      t.is(pruned.code, 0, pruned.stderr);
      t.is(await etcdctl('root', 'role', 'list'), 'root\nwriter\n');
      t.notRegex(await etcdctl('root', 'role', 'get', 'writer'), /secret/);
    },
  );
}

async function exportsAndExplains(t: ExecutionContext, cluster: TestCluster): Promise<void> {
  const exported = await cluster.run(['access', 'export']);
  t.is(exported.code, 0, exported.stderr);
  const file = declare(cluster, exported.stdout);
  t.is((await cluster.run(['access', 'plan', '--prune', '--file', file])).code, 0);

  const client = rootClient(t, cluster, cluster.members.slice(0, 1));
  await client.auth.roleAdd('odd');
  await client.auth.roleGrantPermission('odd', { access: 'read', key: Buffer.of(0xff, 1) });
  await client.auth.userAdd('a\nb', undefined);
  const partly = await cluster.run(['access', 'export']);
  t.is(partly.code, 1);
  t.regex(partly.stderr, /warning: role odd has a permission for .*, which is no text: it is left out\n/);
  t.regex(partly.stderr, /access\.users\[\d\]\.name: .*control character/);
  await client.auth.userDelete('a\nb');
  await client.auth.roleDelete('odd');

  const allowed = await cluster.run(['access', 'explain', 'app', '/app/x']);
  t.is(allowed.code, 0);
  t.is(
    allowed.stdout,
    'read: allowed\n  role writer grants readwrite prefix /app/\nwrite: allowed\n  role writer grants readwrite prefix /app/\n',
  );
  const refused = await cluster.run(['access', 'explain', 'app', '/ap', '--prefix']);
  t.is(refused.code, 1);
  t.true(refused.stdout.includes('no role of app grants /ap up to /app/\n'), refused.stdout);
  const unknown = await cluster.run(['access', 'explain', 'ap', '/app/x']);
  t.deepEqual([unknown.code, unknown.stderr], [2, 'error: the store has no user "ap"\nhint: did you mean app?\n']);
}

/** The flags of whoever signs in with a kit, and knows no DIR. */
function flagsOf(cluster: TestCluster, user: string): string[] {
  const kit = (end: string): string => cluster.at(`users/${user}/${end}`);
  const endpoint = `https://127.0.0.1:${cluster.members[0]?.clientPort}`;
  return [
    '--endpoints',
    endpoint,
    '--cacert',
    kit('ca.crt'),
    '--cert',
    kit(`${user}.crt`),
    '--key',
    kit(`${user}.key`),
  ];
}

async function keepsOperatorsIn(t: ExecutionContext, cluster: TestCluster): Promise<void> {
  const ops = flagsOf(cluster, 'ops');
  const file = declare(cluster, 'access: { users: [{ name: ops, roles: [] }] }\n');
  for (const command of ['plan', 'apply']) {
    const { code, stderr } = await cluster.run(['access', command, '--file', file, ...ops]);
    t.is(code, 1);
    t.regex(stderr, /error: ops, whom you sign in as, would lose the role root: you would lock yourself out\nhint: /);
  }
  const other = declare(cluster, 'access: { users: [{ name: ops, roles: [root] }] }\n');
  const pruned = await cluster.run(['access', 'plan', '--prune', '--file', other, ...ops]);
  t.is(pruned.code, 2);
  t.notRegex(pruned.stdout, /user root/);
}

/** One of the store, which is never an argument. */
async function takesPasswords(t: ExecutionContext, cluster: TestCluster): Promise<void> {
  const matrix = ['access', 'matrix', ...flagsOf(cluster, 'app'), '--user', 'ops'];
  const unsaid = await cluster.run(matrix);
  t.is(unsaid.code, 2);
  t.regex(unsaid.stderr, /the password of ops is not in QUORATE_PASSWORD\nhint: read -rs/);
  const refused = await cluster.run([
    'access',
    'plan',
    ...flagsOf(cluster, 'app'),
    '--file',
    cluster.at('quorate.yaml'),
  ]);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /permission denied\nhint: sign in as a user with the role root/);
  const password = readFileSync(cluster.at('users/ops/ops.password'), 'utf8').trim();
  const seen = await cluster.run(matrix, { QUORATE_PASSWORD: password });
  t.is(seen.code, 0, seen.stderr);
  t.regex(seen.stdout, /^ops \(root\)\n {2}readwrite every key$/m);
  const page = await cluster.run(['access', 'matrix', '--html', cluster.at('access.html')]);
  t.is(page.code, 0, page.stderr);
  t.regex(readFileSync(cluster.at('access.html'), 'utf8'), /<th scope="col"><code>prefix \/app\/<\/code><\/th>/);
}

for (const engine of ['included', 'etcd'] as const) {
  judge(...(engine === 'etcd' ? ['etcd'] : [])).test(
    `access is exported and explained, operators are not locked out, and passwords are taken: ${engine}`,
    async (t) => {
      const cluster = await appliedCluster(t, { engine });
      cluster.writePlan((text) => text.replace('users: [', 'users: [{ name: ops, roles: [root], password: true }, '));
      t.is((await cluster.run(['apply'])).code, 0);
      t.is((await cluster.run(['up', '-d'])).code, 0);
      await exportsAndExplains(t, cluster);
      await keepsOperatorsIn(t, cluster);
      await takesPasswords(t, cluster);
    },
  );
}
