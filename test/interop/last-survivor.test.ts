import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { EtcdClient } from '#cluster';
import { parsePlanText } from '../../wizard/plan/parse.js';
import { commandOf } from '../../wizard/run/engine.js';
import { judge } from '../judges.js';
import { appliedCluster, eventually, type TestCluster } from '../wizard/run/cluster.js';

const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

/** A member as `up` starts it, with more flags. */
async function startWith(t: ExecutionContext, cluster: TestCluster, name: string, ...flags: readonly string[]) {
  const { plan } = parsePlanText(readFileSync(cluster.at('quorate.yaml'), 'utf8'), 'a plan');
  const member = plan.members.find((each) => each.name === name);
  if (member === undefined) throw new Error(`there is no ${name}`);
  const { file, args, environment } = await commandOf(plan, member, cluster.dir);
  const child = spawn(file, [...args, ...flags], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return { said: () => said, ended, stop };
}

judge('etcd').test(
  'the last survivor of three becomes a cluster of its own, with keys, leases, users and auth',
  async (t) => {
    t.timeout(120_000);
    const cluster = await appliedCluster(t, { count: 3 });
    t.is((await cluster.run(['up', '-d'])).code, 0);
    const kit = (user: string) => (end: string) => readFileSync(cluster.at(`users/${user}/${end}`), 'utf8');
    const connect = (user: string): EtcdClient => {
      const read = kit(user);
      const client = EtcdClient.connect({
        endpoints: [`https://127.0.0.1:${cluster.members[0]?.clientPort}`],
        tls: { ca: read('ca.crt'), cert: read(`${user}.crt`), key: read(`${user}.key`) },
      });
      t.teardown(() => client.close());
      return client;
    };
    const app = connect('app');
    await app.put('/app/kept', 'one');
    for (const name of ['m1', 'm2', 'm3']) process.kill(cluster.pid(name) ?? 0, 'SIGKILL');
    await eventually('all are gone', async () => ((await cluster.run(['status'])).code === 1 ? true : undefined));

    const forced = await startWith(t, cluster, 'm1', '--force-new-cluster');
    await eventually('it serves alone', async () => {
      const put = app.put('/app/alone', 'two').then(() => true);
      return await put.catch(() => undefined);
    });
    const root = connect('root');
    t.deepEqual(
      (await root.memberList()).map(({ name }) => name),
      ['m1'],
    );
    t.is(text((await app.get('/app/kept'))?.value), 'one');
    t.deepEqual(await root.auth.userList(), ['app', 'root']);
    await t.throwsAsync(app.put('/elsewhere', 'x'), { code: 'permission-denied' });

    await forced.stop();
    const again = await startWith(t, cluster, 'm1');
    await eventually('it serves without the flag', async () => {
      const got = app.get('/app/alone').then((found) => text(found?.value) === 'two');
      return (await got.catch(() => false)) || undefined;
    });
    const old = await startWith(t, cluster, 'm2');
    const [code] = (await old.ended) as [number | null];
    t.is(code, 3, old.said());
    t.regex(old.said(), /removed/);
    t.is(text((await app.get('/app/kept'))?.value), 'one', again.said().slice(-500));
  },
);
