import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { keysWithPrefix } from '#cluster';
import { kitFiles } from '../../wizard/layout.js';
import { judge } from '../judges.js';
import { LocalCluster } from './local-cluster.js';
import { until } from './until.js';

// Whole programs of etcdctl's, which put many things together, between a real etcd and ours and on each.
// conformance: etcdctl make-mirror, etcdctl check datascale, etcdctl check perf

const judged = judge('etcd', 'etcdctl');
let theirs: LocalCluster;
let ours: LocalCluster;

if (judged.present) {
  test.before('three members of ours and one of etcd come up', async (t) => {
    t.timeout(120_000);
    [theirs, ours] = await Promise.all([LocalCluster.start('etcd', 1), LocalCluster.start('included', 3)]);
  });
  test.after.always('they go down', () => Promise.all([theirs?.stop(), ours?.stop()]));
}

function mirror(from: LocalCluster, to: LocalCluster, prefix: string): ChildProcess {
  const { ca, certificate, key } = kitFiles('root');
  const own = [ca, certificate, key].map((file) => join(to.dir, file));
  const script =
    '. "$0"; exec etcdctl make-mirror --prefix "$1" --dest-cacert "$2" --dest-cert "$3" --dest-key "$4" "$5"';
  const destination = to.endpoints[0]?.replace('https://', '') ?? '';
  const args = ['-c', script, join(from.dir, kitFiles('root').environment), prefix, ...own, destination];
  return spawn('sh', args, { env: { PATH: process.env.PATH }, stdio: 'ignore' });
}

const content = (cluster: LocalCluster, prefix: string): Promise<string> =>
  cluster.as('root', async (client) => {
    const { kvs } = await client.range(keysWithPrefix(prefix));
    return kvs.map(({ key, value }) => `${Buffer.from(key)}=${Buffer.from(value)}`).join('\n');
  });

for (const [title, direction] of [
  ['from etcd to ours', () => [theirs, ours] as const],
  ['from ours to etcd', () => [ours, theirs] as const],
] as const) {
  judged.serial(`etcdctl make-mirror copies a prefix ${title}, and what changes while it runs`, async (t) => {
    t.timeout(120_000);
    const [from, to] = direction();
    const prefix = `/app/${title.replaceAll(' ', '-')}/`;
    const alike = async () => (await content(from, prefix)) === (await content(to, prefix));
    const put = (numbers: readonly number[], value: string) =>
      from.as('app', (client) => Promise.all(numbers.map((n) => client.put(`${prefix}${n}`, `${value} ${n}`))));
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    await put(numbers, 'before');
    const running = mirror(from, to, prefix);
    const ended = once(running, 'exit');
    try {
      await until('the copy of what was there', alike);
      await put(numbers.slice(0, 40), 'while it runs');
      await from.as('app', (client) => client.delete(keysWithPrefix(`${prefix}2`)));
      await put([20, 100], 'again');
      await until('the copy of what changed', alike);
      t.is((await content(to, prefix)).split('\n').length, 51);
      t.is(running.exitCode, null, 'it still runs');
    } finally {
      running.kill();
      await ended;
    }
  });
}

/** A check of etcdctl's own, on both: how well etcd does on this machine is for the log. */
async function checked(command: string): Promise<readonly string[]> {
  const said: string[] = [];
  for (const cluster of [theirs, ours]) {
    const { stdout, stderr } = await cluster.shell('root', command);
    said.push(`${stdout}${stderr}`.replace(/^.*\r/gm, ''));
  }
  return said;
}

judged.serial('etcdctl check datascale is content with ours', async (t) => {
  t.timeout(240_000);
  const [byTheirs = '', byOurs = ''] = await checked(
    'SSL_CERT_FILE="$ETCDCTL_CACERT" etcdctl check datascale --load=s',
  );
  t.log(byTheirs, byOurs);
  t.regex(byOurs, /^PASS/m);
});

if (process.env.QUORATE_SLOW === '1') {
  // It judges the disk too, and a minute of it is too long for every run.
  judged.serial('etcdctl check perf comes to its end on ours', async (t) => {
    t.timeout(300_000);
    const [byTheirs = '', byOurs = ''] = await checked('etcdctl check perf --load=s');
    t.log(byTheirs, byOurs);
    t.regex(byOurs, /^PASS: Throughput/m);
  });
}
