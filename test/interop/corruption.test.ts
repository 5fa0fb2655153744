import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Backend } from '../../cluster/store/index.js';
import { judge } from '../judges.js';
import type { Ended } from '../wizard/commands/quorate.js';
import { LocalCluster } from './local-cluster.js';

// One member's data is changed on its disk: what the others find, and what etcdctl says then.

const etcdctl = judge('etcdctl');
let cluster: LocalCluster;

if (etcdctl.present) {
  test.before('three members come up', async (t) => {
    t.timeout(120_000);
    cluster = await LocalCluster.start('included', 3);
  });
  test.after.always('they go down', () => cluster?.stop());
}

async function damage(name: string): Promise<void> {
  const backend = await Backend.open({ path: join(cluster.dir, 'data', name, 'store', 'data.mdb') });
  const table = backend.table('revisions');
  const rows = [...table.range()];
  backend.transact(backend.appliedIndex, () => {
    for (const [key, row] of rows.slice(3, 4)) {
      const changed = Buffer.from(row);
      changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
      table.put(key, changed);
    }
  });
  await backend.commit();
  await backend.close();
}

const succeeded = (t: ExecutionContext, { code, stderr }: Ended): void => void t.is(code, 0, stderr);

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('it has not come to that');
    await delay(50);
  }
}

etcdctl.serial('a member with other data than its peers ends at its start, when it was told to look', async (t) => {
  t.timeout(120_000);
  await cluster.as('app', async (client) => {
    for (let n = 0; n < 20; n++) await client.put(`/app/${n}`, `value ${n}`);
  });
  succeeded(t, await cluster.quorate('down'));
  await damage('m3');
  const lookFirst = { ETCD_FEATURE_GATES: 'InitialCorruptCheck=true' };
  await cluster.startMember('m1', {});
  await cluster.startMember('m2', {});
  await until(() =>
    cluster.as(
      'root',
      (client) =>
        client.put('/app/up', '1').then(
          () => true,
          () => false,
        ),
      ['m1', 'm2'],
    ),
  );
  await cluster.startMember('m3', lookFirst);
  await until(() => /^hint: if most members agree/m.test(cluster.log('m3')));
  t.regex(
    cluster.log('m3'),
    /^error: the data of this member, [0-9a-f]+, is not that of [0-9a-f]+, [0-9a-f]+ at revision/m,
  );
});

etcdctl.serial(
  'the leader finds it while all serve, raises CORRUPT for it, and nobody writes until it is disarmed',
  async (t) => {
    t.timeout(120_000);
    succeeded(t, await cluster.quorate('down'));
    const often = { ETCD_CORRUPT_CHECK_TIME: '200ms' };
    for (const name of cluster.members) await cluster.startMember(name, often);
    await until(async () => /CORRUPT/.test((await cluster.shell('root', 'etcdctl alarm list')).stdout));
    const { stdout } = await cluster.shell('root', 'etcdctl alarm list');
    const third = await cluster.as('root', async (client) =>
      (await client.memberList()).find(({ name }) => name === 'm3'),
    );
    t.is(stdout, `memberID:${third?.id} alarm:CORRUPT \n`);
    const put = await cluster.shell('app', 'etcdctl put /app/x 1');
    t.not(put.code, 0);
    t.regex(put.stderr, /etcdserver: corrupt cluster/);
  },
);
