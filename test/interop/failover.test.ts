import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { pidOf } from '../../wizard/run/pid-file.js';
import { asEtcd3 } from './as-etcd3.js';
import { LocalCluster } from './local-cluster.js';
import { Writers } from './writers.js';

// What clients notice when the leader goes: a pause, and nothing else. The tests go on with each other's cluster.

let cluster: LocalCluster;

test.before('three members come up', async (t) => {
  t.timeout(120_000);
  cluster = await LocalCluster.start('included', 3);
});

test.after.always('they go down', () => cluster?.stop());

/** Asked of a member that is not `paused`: that one would not answer. */
async function leader(paused?: string): Promise<string> {
  const others = cluster.members.filter((name) => name !== paused);
  return cluster.as(
    'root',
    async (client) => {
      const deadline = Date.now() + 30_000;
      for (;;) {
        for (const endpoint of client.endpoints) {
          const found = await client.status(endpoint).catch(() => undefined);
          const members = await client.memberList().catch(() => []);
          const name = members.find(({ id }) => id === found?.leader)?.name;
          if (name !== undefined && name !== paused) return name;
        }
        if (Date.now() > deadline) throw new Error('nobody leads');
        await delay(50);
      }
    },
    others,
  );
}

test.serial(
  'a leader that stands still is replaced, and follows when it goes on: nothing is lost or stale',
  async (t) => {
    t.timeout(120_000);
    const paused = await leader();
    const pid = (await pidOf(cluster.dir, paused)) ?? 0;
    const writers = new Writers(cluster, '/app/paused/', 4);
    try {
      await writers.progress(50);
      process.kill(pid, 'SIGSTOP');
      const begun = Date.now();
      await writers.progress(50);
      t.log(`50 puts after ${Date.now() - begun} ms`);
      await leader(paused);
      await cluster.as(
        'app',
        (client) => client.put('/app/after', 'new'),
        cluster.members.filter((name) => name !== paused),
      );
      process.kill(pid, 'SIGCONT');
      // It led when it was stopped: what it answers must be what the others have agreed upon since.
      const seen = await cluster.as('app', (client) => client.get('/app/after', { timeoutMs: 20_000 }), [paused]);
      t.is(Buffer.from(seen?.value ?? []).toString(), 'new');
      await writers.progress(50);
    } finally {
      process.kill(pid, 'SIGCONT');
      await writers.stop();
    }
    const { kvs } = await cluster.as('app', (client) =>
      client.range({ key: Buffer.from('/app/paused/'), end: Buffer.from('/app/paused0') }),
    );
    const present = new Set(kvs.map(({ key }) => Buffer.from(key).toString()));
    t.deepEqual(
      [...writers.acknowledged].filter((key) => !present.has(key)),
      [],
    );
  },
);

test.serial(
  'a watch goes on over a killed leader without a gap or a double, and a lease that is kept alive lives',
  async (t) => {
    t.timeout(120_000);
    await asEtcd3(cluster, 'app', async (etcd) => {
      const lease = etcd.lease(3);
      await lease.put('/app/leased').value('here');
      const seen: string[] = [];
      const watcher = await etcd.watch().prefix('/app/watched/').create();
      watcher.on('put', ({ value }) => seen.push(value.toString()));
      const put = async (value: string): Promise<void> => {
        const deadline = Date.now() + 30_000;
        for (;;) {
          try {
            await cluster.as('app', (client) => client.put(`/app/watched/${value}`, value, { timeoutMs: 3000 }));
            return;
          } catch (error) {
            if (Date.now() > deadline) throw error;
            await delay(50);
          }
        }
      };
      for (let n = 0; n < 20; n += 1) await put(String(n));
      const killed = await leader();
      await cluster.kill([killed]);
      for (let n = 20; n < 40; n += 1) await put(String(n));
      const up = await cluster.quorate('up', '--detach');
      t.is(up.code, 0, up.stderr);
      for (let n = 40; n < 60; n += 1) await put(String(n));
      const deadline = Date.now() + 30_000;
      while (!seen.includes('59') && Date.now() < deadline) await delay(50);
      // A put whose answer was lost is sent again, and is another event then: each value comes, none out of order.
      const first = seen.filter((value, at) => seen.indexOf(value) === at);
      t.deepEqual(
        first,
        Array.from({ length: 60 }, (_, n) => String(n)),
      );
      t.true(seen.length <= 64, `${seen.length} events for 60 puts`);
      await delay(4000);
      t.is(await etcd.get('/app/leased').string(), 'here');
      await watcher.cancel();
      await lease.revoke();
      t.is(await etcd.get('/app/leased').string(), null);
    });
  },
);

test.serial('a leader that is told to end has somebody else lead first', async (t) => {
  t.timeout(60_000);
  const ended = await leader();
  await cluster.kill([ended], 'SIGTERM');
  const others = cluster.members.filter((name) => name !== ended);
  const views = await cluster.as(
    'root',
    async (client) => Promise.all(client.endpoints.map((each) => client.status(each))),
    others,
  );
  const left = views.map(({ leader, header }) => [leader === 0n, header.memberId === leader]);
  t.deepEqual(
    left.sort(),
    [
      [false, false],
      [false, true],
    ],
    'one of the two leads, and both know',
  );
  t.is((await cluster.quorate('up', '--detach')).code, 0);
});
