import type { EtcdClient } from '../../../cluster/client/client.js';
import type { AuthOperation } from '../../../cluster/operations/auth.js';

/** Of ann and root; other users have none, which saves the time to hash them. */
export const password = 'the same for both';

/** Auth operations carried out by an etcd, by root as soon as auth is on. */
export async function carryOut(client: EtcdClient, operation: AuthOperation): Promise<unknown> {
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
