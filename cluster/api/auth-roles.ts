import { ClusterError } from '../errors.js';
import { keyRangeOf } from '../wire/key-ranges.js';
import { permissionMessage, permissionOf } from '../wire/permissions.js';
import type { authMethods } from '../wire/services.js';
import type { Desk } from './desk.js';
import type { Handlers } from './services.js';

type RoleMethods = Extract<keyof typeof authMethods, `role${string}`>;

/** The roles' part of etcdserverpb.Auth. */
export function roleHandlers(desk: Desk): Handlers<typeof authMethods, RoleMethods> {
  const { auth, permissions } = desk.state;

  return {
    roleAdd: ({ name }, context) => desk.change({ kind: 'role-add', role: name }, context),

    roleGet: ({ role: name }, context) =>
      desk.readLinearized(context, (caller) => {
        permissions.checkRoleGet(caller, name);
        const role = auth.role(name);
        if (role === undefined)
          throw new ClusterError('role-not-found', `role "${name}" does not exist`, { role: name });
        return { header: desk.header(), perm: role.permissions.map(permissionMessage) };
      }),

    roleList: (_, context) =>
      desk.readLinearized(context, (caller) => {
        permissions.checkAdmin(caller);
        return { header: desk.header(), roles: auth.roles().map(({ name }) => name) };
      }),

    roleDelete: ({ role }, context) => desk.change({ kind: 'role-delete', role }, context),

    async roleGrantPermission({ name, perm }, context) {
      if (!perm) throw new ClusterError('permission-not-given', 'the request grants no permission');
      return desk.change({ kind: 'role-grant-permission', role: name, permission: permissionOf(perm) }, context);
    },

    roleRevokePermission: ({ role, ...range }, context) =>
      desk.change({ kind: 'role-revoke-permission', role, ...keyRangeOf(range) }, context),
  };
}
