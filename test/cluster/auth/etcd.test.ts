import type { ExecutionContext } from 'ava';
import { connect, type EtcdClient } from '../../../cluster/client/client.js';
import { ClusterError } from '../../../cluster/errors.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { carryOut } from './real-etcd.js';
import { type Situation, situations } from './situations.js';

// A real etcd is held against the same situations as our own rules.

async function startOver(client: EtcdClient): Promise<void> {
  await client.auth.disable();
  client.useToken(undefined);
  for (const user of await client.auth.userList()) await client.auth.userDelete(user);
  for (const role of await client.auth.roleList()) await client.auth.roleDelete(role);
}

async function compare(t: ExecutionContext, client: EtcdClient, situation: Situation): Promise<void> {
  const { title, before, operation, expected } = situation;
  await startOver(client);
  for (const step of before) await carryOut(client, step);
  const code = await carryOut(client, operation).then(
    () => 'success',
    (error: unknown) => (error instanceof ClusterError ? error.code : error),
  );
  t.is(code, expected === 'counts' || expected === 'does not count' ? 'success' : expected, title);
}

judge('etcd').test('a real etcd answers every situation of users and roles as we do', async (t) => {
  const { endpoint } = await startEtcd(t);
  const client = connect({ endpoints: [endpoint] });
  t.teardown(() => client.close());
  for (const situation of situations) {
    if (situation.oursAlone === undefined) await compare(t, client, situation);
  }
});
