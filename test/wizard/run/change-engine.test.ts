import { readFileSync, renameSync } from 'node:fs';
import { EtcdClient } from '#cluster';
import { judge } from '../../judges.js';
import { appliedCluster } from './cluster.js';

const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

judge('etcd', 'etcdctl').test(
  'a cluster goes to the other engine and back by a snapshot, with all it has',
  async (t) => {
    t.timeout(120_000);
    const cluster = await appliedCluster(t);
    const run = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await cluster.run(words);
      t.is(code, 0, `${words.join(' ')}: ${stderr}`);
      return stdout;
    };
    const asApp = async (work: (client: EtcdClient) => Promise<unknown>): Promise<void> => {
      const file = (name: string): string => readFileSync(cluster.at(`users/app/${name}`), 'utf8');
      const endpoints = [`https://127.0.0.1:${cluster.members[0]?.clientPort}`];
      const tls = { ca: file('ca.crt'), cert: file('app.crt'), key: file('app.key') };
      const client = EtcdClient.connect({ endpoints, tls });
      await work(client).finally(() => client.close());
    };
    await run('up', '-d');
    await asApp((client) => client.put('/app/hello', 'world'));
    for (const [from, to] of [
      ['included', 'etcd'],
      ['etcd', 'included'],
    ] as const) {
      const file = cluster.at(`${from}.db`);
      await run('snapshot', 'save', file);
      await run('down');
      cluster.writePlan((plan) => plan.replace(`engine: ${from}`, `engine: ${to}`));
      await run('apply');
      renameSync(cluster.at('data'), cluster.at(`data.${from}`));
      await run('snapshot', 'restore', file);
      await run('up', '-d');
      await asApp(async (client) => {
        t.is(text((await client.get('/app/hello'))?.value), 'world');
        await client.put(`/app/${to}`, 'here');
        await t.throwsAsync(client.put('/elsewhere', 'x'), { code: 'permission-denied' });
      });
      await run('access', 'plan', '--prune');
      await run('doctor');
    }
  },
);
