import { setTimeout as delay } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { EtcdClient } from '#cluster';
import { judge } from '../judges.js';
import { GrowingCluster } from './growing-cluster.js';

const judged = judge('etcdctl');

/** One client that puts key after key; what was acknowledged is noted. */
class Writer {
  readonly acknowledged: string[] = [];
  #isStopped = false;
  readonly #work: Promise<void>;

  constructor(cluster: GrowingCluster) {
    this.#work = this.#run(cluster);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#work;
  }

  async #run(cluster: GrowingCluster): Promise<void> {
    for (let next = 0; !this.#isStopped; ) {
      const client = new Etcd3({ hosts: [...cluster.endpoints], dialTimeout: 2000 });
      try {
        for (const until = next + 50; next < until && !this.#isStopped; next += 1) {
          await client.put(`k${next}`).value(`${next}`).exec();
          this.acknowledged.push(`k${next}`);
        }
      } catch {
        // Whether it was put nobody knows: it is put again.
        await delay(50);
      } finally {
        client.close();
      }
    }
  }
}

judged.serial(
  'a cluster grows from one to five members under load and shrinks again, without its leaders',
  async (t) => {
    t.timeout(180_000);
    const cluster = new GrowingCluster(t);
    await cluster.found('m1');
    const writer = new Writer(cluster);
    t.teardown(() => writer.stop());
    await cluster.add('m2');
    await cluster.add('m3', '--learner');
    await t.throwsAsync(cluster.etcdctl('member', 'add', 'm9', '--learner', '--peer-urls=http://127.0.0.1:9'), {
      message: /too many learner members in cluster/,
    });
    const learner = EtcdClient.connect({ endpoints: [cluster.server('m3').clientUrl] });
    t.teardown(() => learner.close());
    const refused = { code: 'not-supported-for-learner', message: /rpc not supported for learner/ } as const;
    for (const call of [
      () => learner.put('k', 'x'),
      () => learner.get('k0'),
      () => learner.delete('k0'),
      () => learner.leases(),
      () => learner.auth.userList(),
    ])
      await t.throwsAsync(call(), refused);
    await t.notThrowsAsync(learner.range({ key: Buffer.from('k0'), serializable: true }));
    t.true((await learner.status(cluster.server('m3').clientUrl)).learner);
    await cluster.promote('m3');
    for (const name of ['m4', 'm5']) await cluster.add(name);

    // One dies, and another takes its place.
    const dead = (await cluster.leader()) === 'm2' ? 'm3' : 'm2';
    const id = await cluster.idOf(dead);
    await cluster.kill(dead);
    const away = cluster.server(dead);
    cluster.servers.delete(dead);
    await cluster.etcdctl('member', 'remove', id);
    await cluster.add('m6');

    // It was away when it was removed: whoever it asks tells it.
    cluster.servers.set(dead, away);
    await cluster.restart(dead);
    await new Promise((resolve) => cluster.server(dead).process.once('exit', resolve));
    t.is(cluster.server(dead).process.exitCode, 3);
    t.regex(cluster.logOf(dead), /error: this member, m\d \([0-9a-f]+\), was removed from the cluster\nhint: /);
    cluster.servers.delete(away.name);

    for (let round = 0; round < 2; round += 1) {
      const { code, said } = await cluster.remove(await cluster.leader());
      t.is(code, 3);
      t.regex(
        said,
        /^error: this member, m\d \([0-9a-f]+\), was removed from the cluster\nhint: .*--initial-cluster-state=existing$/,
      );
    }
    await writer.stop();
    t.is(cluster.servers.size, 3);
    t.true(writer.acknowledged.length > 100, `${writer.acknowledged.length} puts`);
    for (const endpoint of cluster.endpoints) {
      const client = new Etcd3({ hosts: endpoint });
      const present = new Set(await client.getAll().prefix('k').keys());
      client.close();
      t.deepEqual(
        writer.acknowledged.filter((key) => !present.has(key)),
        [],
        `acknowledged, but not at ${endpoint}`,
      );
    }
  },
);
