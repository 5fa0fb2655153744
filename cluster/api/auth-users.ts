import { ClusterError } from '../errors.js';
import type { authMethods } from '../wire/services.js';
import type { CallContext } from './context.js';
import type { Desk } from './desk.js';
import { passwordHashOf } from './password-hash.js';
import type { Handlers } from './services.js';

type UserMethods = Extract<keyof typeof authMethods, `user${string}`>;

/** The users' part of etcdserverpb.Auth. */
export function userHandlers(desk: Desk): Handlers<typeof authMethods, UserMethods> {
  const { auth, permissions, passwords } = desk.state;
  /** Hashing is costly: nobody has it done who may not have the change done. The decision is apply's all the same. */
  const checkAdmin = async (context: CallContext): Promise<void> => permissions.checkAdmin(await desk.caller(context));

  return {
    async userAdd({ name, password, hashedPassword, options }, context) {
      await checkAdmin(context);
      if (name === '') throw new ClusterError('user-empty', 'a user needs a name');
      const noPassword = options?.noPassword ?? false;
      const passwordHash = noPassword ? '' : await passwordHashOf(passwords, { password, hashedPassword });
      return desk.change({ kind: 'user-add', user: name, passwordHash, noPassword }, context);
    },

    userGet: ({ name }, context) =>
      desk.readLinearized(context, (caller) => {
        permissions.checkUserGet(caller, name);
        const user = auth.user(name);
        if (user === undefined)
          throw new ClusterError('user-not-found', `user "${name}" does not exist`, { user: name });
        return { header: desk.header(), roles: [...user.roles] };
      }),

    userList: (_, context) =>
      desk.readLinearized(context, (caller) => {
        permissions.checkAdmin(caller);
        return { header: desk.header(), users: auth.users().map(({ name }) => name) };
      }),

    userDelete: ({ name }, context) => desk.change({ kind: 'user-delete', user: name }, context),

    async userChangePassword({ name, password, hashedPassword }, context) {
      await checkAdmin(context);
      const passwordHash = await passwordHashOf(passwords, { password, hashedPassword });
      return desk.change({ kind: 'user-change-password', user: name, passwordHash, noPassword: false }, context);
    },

    userGrantRole: ({ user, role }, context) => desk.change({ kind: 'user-grant-role', user, role }, context),

    userRevokeRole: ({ name, role }, context) => desk.change({ kind: 'user-revoke-role', user: name, role }, context),
  };
}
