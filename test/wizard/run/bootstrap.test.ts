import { readFileSync } from 'node:fs';
import test from 'ava';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { connectAsRoot } from '../../../wizard/run/cluster-client.js';
import { judge } from '../../judges.js';
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
  t.regex(bare.stderr, /^error: root's kit can't be read: .*users\/root\/.*\nhint: quorate apply --dir /);
});
