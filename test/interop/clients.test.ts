import test from 'ava';
import type { Etcd3, IOptions } from 'etcd3';
import { readPassword } from '../../wizard/apply/passwords.js';
import { kitFiles } from '../../wizard/layout.js';
import { testAuthority } from '../certificates.js';
import { judge } from '../judges.js';
import { asEtcd3 } from './as-etcd3.js';
import { LocalCluster } from './local-cluster.js';
import { page } from './pages.js';

// Five members of ours, asked by what is no etcdctl.

let cluster: LocalCluster;

test.before('five members come up', async (t) => {
  t.timeout(120_000);
  cluster = await LocalCluster.start('included', 5);
});

test.after.always('they go down', () => cluster?.stop());

const etcd3 = <Result>(
  user: string,
  ask: (etcd: Etcd3) => Promise<Result>,
  options?: Partial<IOptions>,
): Promise<Result> => asEtcd3(cluster, user, ask, options);

test.serial('etcd3 signs in with a certificate, puts, gets, lists and deletes', (t) =>
  etcd3('app', async (etcd) => {
    await etcd.put('/app/1').value('one');
    await etcd.put('/app/2').value(Buffer.from([0, 255]));
    t.is(await etcd.get('/app/1').string(), 'one');
    t.deepEqual(await etcd.get('/app/2').buffer(), Buffer.from([0, 255]));
    t.is(await etcd.get('/app/absent').string(), null);
    t.deepEqual(await etcd.getAll().prefix('/app/').keys(), ['/app/1', '/app/2']);
    t.is((await etcd.put('/app/1').value('more').getPrevious()).value.toString(), 'one');
    t.is((await etcd.delete().prefix('/app/')).deleted, '2');
    t.is(await etcd.getAll().prefix('/app/').count(), 0);
  }),
);

test.serial('etcd3 compares and swaps: of many at once only one wins', async (t) => {
  const won = await Promise.all(
    Array.from({ length: 20 }, (_, place) =>
      etcd3('app', async (etcd) => {
        const mine = etcd.put('/app/lock').value(String(place));
        const { succeeded } = await etcd
          .if('/app/lock', 'Create', '==', 0)
          .then(mine)
          .else(etcd.get('/app/lock'))
          .commit();
        return succeeded ? String(place) : undefined;
      }),
    ),
  );
  const winners = won.flatMap((place) => place ?? []);
  t.is(winners.length, 1);
  t.is(await etcd3('app', (etcd) => etcd.get('/app/lock').string()), winners[0] ?? '');
});

test.serial('etcd3 is told what its user may not do', (t) =>
  etcd3('app', async (etcd) => {
    await t.throwsAsync(async () => etcd.put('/other').value('x'), { message: /permission denied/ });
    await t.throwsAsync(async () => etcd.get('/other').string(), { message: /permission denied/ });
    await t.throwsAsync(async () => etcd.delete().key('/other'), { message: /permission denied/ });
    const read = () => etcd.if('/app/lock', 'Version', '>', 0).then(etcd.get('/other')).commit();
    await t.throwsAsync(read, { message: /permission denied/ });
  }),
);

test.serial('etcd3 signs in with a password, which says more than the certificate', async (t) => {
  const password = (await readPassword(`${cluster.dir}/${kitFiles('human').password}`)) ?? '';
  const asHuman = { auth: { username: 'human', password } };
  await etcd3('nobody', async (etcd) => etcd.put('/app/human').value('x'), asHuman);
  t.is(await etcd3('nobody', (etcd) => etcd.get('/app/human').string(), asHuman), 'x');
  await t.throwsAsync(
    etcd3('nobody', (etcd) => etcd.get('/app/human').string()),
    { message: /permission denied/ },
  );
  const wrong = { auth: { username: 'human', password: `${password}x` } };
  await t.throwsAsync(
    etcd3('app', (etcd) => etcd.get('/app/human').string(), wrong),
    {
      message: /authentication failed/,
    },
  );
});

test.serial('every member answers /health and /version to who has a certificate, and 404 elsewhere', async (t) => {
  for (const endpoint of cluster.endpoints) {
    const ask = async (path: string) => page(endpoint, path, cluster.tls('nobody'));
    const health = await ask('/health');
    t.deepEqual([health.status, JSON.parse(health.body)], [200, { health: 'true', reason: '' }]);
    const version = await ask('/version');
    t.is(version.status, 200);
    t.like(JSON.parse(version.body), { etcdserver: '3.6.0' });
    t.is((await ask('/nothing')).status, 404);
    t.is((await ask('/health/')).status, 404);
  }
});

test.serial('nobody gets through the handshake without a certificate of the authority', async (t) => {
  const stranger = await (await testAuthority(t)).client('root');
  const { ca } = cluster.tls('root');
  // The alert may be lost when the connection is closed behind it.
  const refused = /alert|socket hang up|ECONNRESET|EPIPE/;
  for (const endpoint of cluster.endpoints) {
    await t.throwsAsync(page(endpoint, '/health', { ca }), { message: refused });
    const { cert, key } = stranger;
    await t.throwsAsync(page(endpoint, '/health', { ca, cert, key }), { message: refused });
  }
  t.regex(cluster.log('m1'), /"rejected connection on client endpoint"/);
});

judge('etcdctl').serial('etcdctl finds five members healthy', async (t) => {
  const { stdout, stderr } = await cluster.shell('root', 'etcdctl endpoint health --cluster');
  t.is(`${stdout}${stderr}`.match(/is healthy/g)?.length, 5);
});

judge('etcd', 'etcdctl').serial('five members of etcd come up from the same plan', async (t) => {
  t.timeout(120_000);
  const theirs = await LocalCluster.start('etcd', 5);
  try {
    const { stdout, stderr } = await theirs.shell('app', 'etcdctl put /app/1 one && etcdctl endpoint health --cluster');
    t.is(`${stdout}${stderr}`.match(/is healthy/g)?.length, 5);
  } finally {
    await theirs.stop();
  }
});

test.serial('CVE-2018-16886: through the gateway a certificate names nobody, not even root', async (t) => {
  const [endpoint = ''] = cluster.endpoints;
  const key = Buffer.from('/app/').toString('base64');
  for (const [path, sent] of [
    ['/v3/kv/range', { key }],
    ['/v3/kv/put', { key }],
    ['/v3/auth/user/list', {}],
    ['/v3/maintenance/defragment', {}],
  ] as const) {
    const { status, body } = await page(endpoint, path, cluster.tls('root'), sent);
    t.deepEqual([status, /user name is empty|CommonName/.test(body)], [400, true], `${path}: ${body}`);
  }
});
