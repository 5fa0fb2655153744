import type { ExecutionContext } from 'ava';
import { connect, type EtcdClient } from '../../../cluster/client/client.js';
import { ClusterError } from '../../../cluster/errors.js';
import type { AuthOperation } from '../../../cluster/operations/auth.js';
import { startEtcd } from '../../etcd.js';
import { judge } from '../../judges.js';
import { type Situation, situations } from './situations.js';

// A real etcd is held against the same situations as our own rules.

const password = 'only root needs one here';

/** Auth operations carried out by an etcd, by root as soon as auth is on. */
async function carryOut(client: EtcdClient, operation: AuthOperation): Promise<unknown> {
  const { auth } = client;
  switch (operation.kind) {
    case 'auth-enable':
      await auth.enable();
      return client.useToken(await auth.authenticate('root', password));
    case 'auth-disable':
      await auth.disable();
      return client.useToken(undefined);
    case 'user-add':
      return auth.userAdd(operation.user, ['root', 'ann'].includes(operation.user) ? password : undefined);
    case 'user-delete':
      return auth.userDelete(operation.user);
    case 'user-change-password':
      return auth.userChangePassword(operation.user, password);
    case 'user-grant-role':
      return auth.userGrantRole(operation.user, operation.role);
    case 'user-revoke-role':
      return auth.userRevokeRole(operation.user, operation.role);
    case 'role-add':
      return auth.roleAdd(operation.role);
    case 'role-delete':
      return auth.roleDelete(operation.role);
    case 'role-grant-permission':
      return auth.roleGrantPermission(operation.role, operation.permission);
    case 'role-revoke-permission':
      return auth.roleRevokePermission(operation.role, operation);
    case 'authenticate':
      return auth.authenticate(operation.user, password);
  }
}

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
