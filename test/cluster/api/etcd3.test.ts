import test, { type ExecutionContext } from 'ava';
import { Etcd3, type IOptions } from 'etcd3';
import { testAuthority } from '../../certificates.js';
import { startMember } from './member.js';

// The npm client `etcd3` has its own protobuf descriptions, its own codec and its own idea of what a server does.

/** As root by its certificate, and as whom else one likes. */
async function client(t: ExecutionContext) {
  const authority = await testAuthority(t);
  const { endpoint } = await startMember(t, authority);
  const { ca, cert, key } = await authority.client('root');
  const credentials = {
    rootCertificate: Buffer.from(ca),
    certChain: Buffer.from(cert),
    privateKey: Buffer.from(key),
  };
  const hosts = endpoint.replace('127.0.0.1', 'localhost');
  const made = (options: Partial<IOptions> = {}): Etcd3 => {
    const etcd = new Etcd3({ hosts, credentials, ...options });
    t.teardown(() => etcd.close());
    return etcd;
  };
  return { etcd: made(), made };
}

test('the npm client etcd3 puts, gets, lists, counts and deletes', async (t) => {
  const { etcd } = await client(t);
  await etcd.put('/a/1').value('one');
  await etcd.put('/a/2').value('zwei ü');
  t.is(await etcd.get('/a/2').string(), 'zwei ü');
  t.deepEqual(await etcd.getAll().prefix('/a/').strings(), { '/a/1': 'one', '/a/2': 'zwei ü' });
  t.is(
    await etcd
      .getAll()
      .prefix('/a/')
      .sort('Key', 'Descend')
      .limit(1)
      .keys()
      .then(([key]) => key),
    '/a/2',
  );
  t.is(await etcd.getAll().prefix('/a/').count(), 2);
  t.is((await etcd.delete().prefix('/a/')).deleted, '2');
  t.is(await etcd.get('/a/1'), null);
});

test('the npm client etcd3 compares and swaps in a transaction', async (t) => {
  const { etcd } = await client(t);
  const swap = () => etcd.if('k', 'Create', '==', 0).then(etcd.put('k').value('mine')).else(etcd.get('k')).commit();
  t.true((await swap()).succeeded);
  const { succeeded, responses } = await swap();
  t.false(succeeded);
  t.is(String(responses[0]?.response_range?.kvs[0]?.value), 'mine');
});

test('the npm client etcd3 makes roles and users, signs in with a password, and is told what is denied', async (t) => {
  const { etcd, made } = await client(t);
  const role = etcd.role('writer');
  await role.create();
  await role.grant({ permission: 'Readwrite', range: etcd.range({ prefix: '/app/' }) });
  const user = etcd.user('app');
  await user.create('secret');
  await user.addRole('writer');
  await etcd.user('root').create('toor');
  await etcd.role('root').create();
  await etcd.user('root').addRole('root');
  await etcd.auth.authEnable();
  const app = made({ auth: { username: 'app', password: 'secret' } });
  await app.put('/app/1').value('v');
  t.is(await app.get('/app/1').string(), 'v');
  await t.throwsAsync(async () => app.put('/other').value('v'), { message: /permission denied/ });
  t.deepEqual(
    (await role.permissions()).map(({ permission }) => permission),
    ['Readwrite'],
  );
  await t.throwsAsync(async () =>
    made({ auth: { username: 'app', password: 'wrong' } })
      .get('/app/1')
      .string(),
  );
});
