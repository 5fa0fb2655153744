import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { EtcdClient } from '#cluster';
import { judge } from '../../judges.js';
import { appliedCluster, type TestCluster } from '../run/cluster.js';

/** As a program does that is told of new certificates: a request that fails is sent again with what the kit holds by then. */
class RetryingClient {
  readonly #cluster: TestCluster;
  #client: EtcdClient;
  retried = 0;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
    this.#client = this.#connect();
  }

  #connect(): EtcdClient {
    const kit = (name: string): string => readFileSync(this.#cluster.at(`users/app/${name}`), 'utf8');
    const tls = { ca: kit('ca.crt'), cert: kit('app.crt'), key: kit('app.key') };
    return EtcdClient.connect({
      endpoints: this.#cluster.members.map(({ clientPort }) => `https://127.0.0.1:${clientPort}`),
      tls,
    });
  }

  async #retrying<T>(work: (client: EtcdClient) => Promise<T>): Promise<T> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const client = this.#client;
      try {
        return await work(client);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        this.retried += 1;
        await delay(20);
        if (client === this.#client) {
          this.#client = this.#connect();
          client.close();
        }
      }
    }
  }

  put(key: string, value: string): Promise<unknown> {
    return this.#retrying((client) => client.put(key, value, { timeoutMs: 3000 }));
  }

  async get(key: string): Promise<string | undefined> {
    const found = await this.#retrying((client) => client.get(key, { timeoutMs: 3000 }));
    return found === undefined ? undefined : Buffer.from(found.value).toString();
  }

  close(): void {
    this.#client.close();
  }
}

const underLoad = (engine: 'included' | 'etcd') => async (t: ExecutionContext) => {
  const cluster = await appliedCluster(t, { engine, count: 3 });
  const up = await cluster.run(['up', '-d']);
  t.is(up.code, 0, up.stderr);
  const client = new RetryingClient(cluster);
  t.teardown(() => client.close());
  const failures: unknown[] = [];
  let [over, requests] = [false, 0];
  const worker = async (name: string): Promise<void> => {
    for (let n = 0; !over; n += 1) {
      try {
        await client.put(`/app/${name}`, String(n));
        const read = await client.get(`/app/${name}`);
        if (read !== String(n)) failures.push(new Error(`put ${n}, got ${read}`));
        requests += 2;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const workers = ['a', 'b', 'c', 'd'].map(worker);
  try {
    const first = await cluster.run(['cert', 'rotate-ca']);
    t.is(first.code, 2, first.stderr);
    t.is((await cluster.run(['plan'])).code, 0);
    const second = await cluster.run(['cert', 'rotate-ca', '--finish']);
    t.is(second.code, 0, second.stderr);
  } finally {
    over = true;
    await Promise.all(workers);
  }
  t.deepEqual(failures, []);
  t.true(requests > 20, `${requests} requests`);
  t.log(`${requests} requests, ${client.retried} of them sent again, none failed`);
  const [pem] = readFileSync(cluster.at('users/app/ca.crt'), 'utf8').match(/-----BEGIN/g) ?? [];
  t.truthy(pem);
  t.is((await cluster.run(['status'])).code, 0);
};

test('the authority is rotated while three included members serve, without a failed request', underLoad('included'));
judge('etcd').test(
  'the authority is rotated while three etcd members serve, without a failed request',
  underLoad('etcd'),
);
