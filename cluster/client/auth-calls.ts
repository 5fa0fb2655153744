import { ClusterError } from '../errors.js';
import { type AuthRevision, authRevision } from '../numbers.js';
import type { Permission } from '../operations/auth.js';
import type { KeyRange } from '../operations/kv.js';
import { keyRangeFields } from '../wire/key-ranges.js';
import { toCount } from '../wire/long.js';
import { permissionMessage, permissionOf } from '../wire/permissions.js';
import { authMethods } from '../wire/services.js';
import type { CallOptions, ClusterCalls } from './cluster-calls.js';

export interface AuthState {
  readonly enabled: boolean;
  /** etcd says it from 3.5 on, and to root alone. */
  readonly revision?: AuthRevision;
}

/** Users, roles and permissions of a cluster. Every call throws ClusterError with etcd's reason as its code. */
export class AuthCalls {
  readonly #calls: ClusterCalls;

  constructor(calls: ClusterCalls) {
    this.#calls = calls;
  }

  /** Needs a user `root` that has the role `root`. */
  async enable(options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.authEnable, {}, 'once', options);
  }

  async disable(options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.authDisable, {}, 'once', options);
  }

  /**
   * Anybody may ask: from etcd 3.5 on only root is told, and to be refused tells, too. etcd 3.4 has no such call: there the
   * refusal of a password that can't be right tells.
   */
  async status(options?: CallOptions): Promise<AuthState> {
    try {
      const response = await this.#calls.anywhere(authMethods.authStatus, {}, 'repeatable', options);
      return { enabled: response.enabled, revision: authRevision(toCount(response.authRevision)) };
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (error.code === 'user-empty' || error.code === 'permission-denied') return { enabled: true };
      if (error.code !== 'unimplemented') throw error;
    }
    return { enabled: await this.#enabledByRefusal(options) };
  }

  async #enabledByRefusal(options?: CallOptions): Promise<boolean> {
    try {
      await this.authenticate('root', '', options);
      return true;
    } catch (error) {
      if (error instanceof ClusterError && error.code === 'auth-not-enabled') return false;
      if (error instanceof ClusterError && error.code === 'auth-failed') return true;
      throw error;
    }
  }

  /** A token for `EtcdClient.useToken`. */
  async authenticate(name: string, password: string, options?: CallOptions): Promise<string> {
    const { token } = await this.#calls.anywhere(authMethods.authenticate, { name, password }, 'repeatable', options);
    return token;
  }

  /** Without a password the user signs in with a certificate of that common name only. */
  async userAdd(name: string, password: string | undefined, options?: CallOptions): Promise<void> {
    const request = { name, password: password ?? '', options: { noPassword: password === undefined } };
    await this.#calls.anywhere(authMethods.userAdd, request, 'once', options);
  }

  /** The roles of a user. */
  async userGet(name: string, options?: CallOptions): Promise<readonly string[]> {
    const { roles } = await this.#calls.anywhere(authMethods.userGet, { name }, 'repeatable', options);
    return roles;
  }

  async userList(options?: CallOptions): Promise<readonly string[]> {
    const { users } = await this.#calls.anywhere(authMethods.userList, {}, 'repeatable', options);
    return users;
  }

  async userDelete(name: string, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.userDelete, { name }, 'once', options);
  }

  async userChangePassword(name: string, password: string, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.userChangePassword, { name, password }, 'once', options);
  }

  async userGrantRole(user: string, role: string, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.userGrantRole, { user, role }, 'once', options);
  }

  async userRevokeRole(user: string, role: string, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.userRevokeRole, { name: user, role }, 'once', options);
  }

  async roleAdd(name: string, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.roleAdd, { name }, 'once', options);
  }

  /** The permissions of a role. */
  async roleGet(role: string, options?: CallOptions): Promise<readonly Permission[]> {
    const { perm } = await this.#calls.anywhere(authMethods.roleGet, { role }, 'repeatable', options);
    return perm.map(permissionOf);
  }

  async roleList(options?: CallOptions): Promise<readonly string[]> {
    const { roles } = await this.#calls.anywhere(authMethods.roleList, {}, 'repeatable', options);
    return roles;
  }

  async roleDelete(role: string, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.roleDelete, { role }, 'once', options);
  }

  /** Replaces what the role had on exactly this range. */
  async roleGrantPermission(role: string, permission: Permission, options?: CallOptions): Promise<void> {
    const request = { name: role, perm: permissionMessage(permission) };
    await this.#calls.anywhere(authMethods.roleGrantPermission, request, 'once', options);
  }

  async roleRevokePermission(role: string, range: KeyRange, options?: CallOptions): Promise<void> {
    await this.#calls.anywhere(authMethods.roleRevokePermission, { role, ...keyRangeFields(range) }, 'once', options);
  }
}
