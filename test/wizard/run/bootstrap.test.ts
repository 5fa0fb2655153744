import { readFileSync } from 'node:fs';
import test from 'ava';
import { EtcdClient } from '#cluster';
import { checkApiServer } from '../../../wizard/commands/bootstrap.js';
import { WizardError } from '../../../wizard/errors.js';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { bootstrap } from '../../../wizard/run/bootstrap.js';
import { connectAsRoot } from '../../../wizard/run/cluster-client.js';
import { verifyAccess } from '../../../wizard/run/verify-access.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';
import { samplePlan } from '../plans.js';
import { appliedCluster, plannedCluster } from './cluster.js';

judge('etcd').test(
  'up brings access to a real etcd; bootstrap has nothing left to do, and later brings back what is missing',
  async (t) => {
    const cluster = await appliedCluster(t, { engine: 'etcd' });
    const up = await cluster.run(['up', '-d']);
    t.is(up.code, 0, up.stderr);
    const done = async () => {
      const { code, stdout, stderr } = await cluster.run(['bootstrap', '--json']);
      t.is(code, 0, stderr);
      return JSON.parse(stdout).done;
    };
    t.deepEqual(await done(), []);
    const { plan } = parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'quorate.yaml');
    const client = await connectAsRoot(plan, cluster.dir);
    t.teardown(() => client.close());
    t.like(await client.auth.status(), { enabled: true });
    await client.auth.userDelete('app');
    await client.auth.roleDelete('writer');
    t.deepEqual(await done(), [
      'added role writer',
      'granted role writer readwrite',
      'added user app',
      'granted user app role writer',
    ]);
  },
);

test('without etcd in PATH a plan for it is refused with what to install, and nothing is started', async (t) => {
  const cluster = await appliedCluster(t, { engine: 'etcd' });
  const { code, stderr } = await cluster.run(['up'], { PATH: '/nonexistent' });
  t.is(code, 1);
  t.regex(stderr, /^error: the plan says engine: etcd, but there is no etcd in PATH\nhint: install it/);
  t.is(cluster.pid('m1'), undefined);
});

test("bootstrap of a cluster that does not run, or without root's kit, says what is missing", async (t) => {
  const [cluster, planned] = await Promise.all([appliedCluster(t), plannedCluster(t)]);
  const down = await cluster.run(['bootstrap']);
  t.is(down.code, 1);
  t.regex(down.stderr, /^error: .*: connection refused\nhint: /);
  const bare = await planned.run(['bootstrap']);
  t.is(bare.code, 1);
  t.regex(bare.stderr, /^error: root's kit can't be used: .*users\/root\/.*\nhint: quorate apply --dir /);
});

/** As the client, until it has changed so many things: then it is gone, as after a kill. */
function killedAfter(client: EtcdClient, changes: number): EtcdClient {
  let left = changes;
  const auth = new Proxy(client.auth, {
    get(target, name) {
      const call = Reflect.get(target, name) as unknown;
      if (typeof call !== 'function') return call;
      return (...args: unknown[]): unknown => {
        if (/Add$|Grant|^enable$/.test(String(name)) && left-- <= 0) throw new Killed();
        return Reflect.apply(call, target, args);
      };
    },
  });
  return new Proxy(client, { get: (target, name) => (name === 'auth' ? auth : Reflect.get(target, name, target)) });
}

class Killed extends Error {}

judge('etcd').test('killed between any two steps it goes on, auth last, and what holds is seen', async (t) => {
  const etcd = await startEtcd(t);
  const plan = samplePlan('etcd', 'local', 1);
  const client = EtcdClient.connect({ endpoints: [etcd.endpoint] });
  t.teardown(() => client.close());
  const { signal } = new AbortController();
  const folder = temporaryFolder(t);
  const withoutPasswords = {
    ...plan,
    access: { ...plan.access, users: plan.access.users.map((user) => ({ ...user, password: false })) },
  };
  let kills = 0;
  for (;;) {
    // One step further each time: what was done before is not done again.
    const run = bootstrap(killedAfter(client, 1), withoutPasswords, folder, signal);
    const ended = await run.then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
    if (ended) break;
    t.false((await client.auth.status()).enabled, 'auth is turned on last');
    kills += 1;
    t.true(kills < 50);
  }
  t.true(kills > 8, `${kills} kills`);
  t.true((await client.auth.status()).enabled);
});

for (const engine of ['included', 'etcd'] as const)
  judge('etcd').test(
    `a role that reads and writes one range keeps both, and what it has beyond the plan: ${engine}`,
    async (t) => {
      const cluster = await plannedCluster(t, { engine });
      const both = '[{ access: read, prefix: /app/ }, { access: write, prefix: /app/ }, { access: read, key: /one }]';
      cluster.writePlan((text) => text.replace('[{ access: readwrite, prefix: /app/ }]', both));
      t.is((await cluster.run(['apply'])).code, 0);
      t.is((await cluster.run(['up', '-d'])).code, 0);
      const { plan } = parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'quorate.yaml');
      const client = await connectAsRoot(plan, cluster.dir);
      t.teardown(() => client.close());
      const one = { access: 'readwrite', key: Buffer.from('/one') } as const;
      await client.auth.roleGrantPermission('writer', one);
      const granted = async () =>
        (await client.auth.roleGet('writer')).map(({ access, key }) => `${access} ${Buffer.from(key)}`).sort();
      const before = await granted();
      for (let times = 0; times < 2; times += 1) {
        const { code, stdout, stderr } = await cluster.run(['bootstrap', '--json']);
        t.is(code, 0, stderr);
        t.deepEqual(JSON.parse(stdout).done, [], 'nothing is left to do');
        t.deepEqual(await granted(), before);
      }
      t.deepEqual(before, ['readwrite /app/', 'readwrite /one']);
    },
  );

test('what is not in force after all is said: users of somebody else, and a store that lets everybody in', async (t) => {
  const cluster = await appliedCluster(t);
  t.is((await cluster.run(['up', '-d'])).code, 0);
  const { plan } = parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'quorate.yaml');
  const client = await connectAsRoot(plan, cluster.dir);
  t.teardown(() => client.close());
  const { signal } = new AbortController();
  const seen = () => verifyAccess(client, plan, cluster.dir, signal);
  t.deepEqual(await seen(), ['verified: who has no certificate is refused, and so is app beyond their rights']);
  await client.auth.userAdd('mallory', undefined);
  t.regex((await seen())[1] ?? '', /users that the plan has not: mallory/);
  await client.auth.userRevokeRole('app', 'writer');
  await t.throwsAsync(seen(), { instanceOf: WizardError, code: 'unverified', message: /lacks something of user app/ });
  await client.auth.userGrantRole('app', 'writer');
  await client.auth.disable();
  await t.throwsAsync(seen(), { code: 'unverified', message: /auth is off after all/ });
});

test('auth is not turned on under an API server of Kubernetes that the store would not know', async (t) => {
  const cluster = await appliedCluster(t, { engine: 'included' });
  cluster.writePlan((text) => text.replace('name: demo', 'name: demo, run: static-pod'));
  t.is((await cluster.run(['apply'])).code, 0);
  const context = { signal: new AbortController().signal };
  const { plan } = parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'quorate.yaml');
  const client = { auth: { status: async () => ({ enabled: false }) } } as unknown as EtcdClient;
  await t.throwsAsync(checkApiServer(client, plan, context), { message: /Kubernetes stands still/ });
  const users = [...plan.access.users, { name: 'kube-apiserver-etcd-client', roles: ['root'], password: false }];
  await t.notThrowsAsync(checkApiServer(client, { ...plan, access: { ...plan.access, users } }, context));
});
