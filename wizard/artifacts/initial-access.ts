import { type Permission, permissionOf, toStore } from '../access/rights.js';
import { onePerRange } from '../access/role-change.js';
import { type Access, type Plan, usersOf } from '../plan/plan.js';

// The file that --initial-access-file names: users, roles and permissions in JSON. Keys are text where they are valid
// UTF-8, and base64 where they are not: the end of a prefix may be any bytes.

export type KeyText = string | { readonly base64: string };

export interface InitialPermission {
  readonly access: Access;
  readonly key: KeyText;
  /** Absent: the one key. "\0": every key from `key` on. */
  readonly end?: KeyText;
}

export interface InitialUser {
  readonly name: string;
  readonly roles: readonly string[];
  /** bcrypt; empty for a user without a password. */
  readonly passwordHash: string;
}

export interface InitialAccess {
  readonly roles: readonly { readonly name: string; readonly permissions: readonly InitialPermission[] }[];
  readonly users: readonly InitialUser[];
  readonly enable: boolean;
}

export function keyText(key: Uint8Array): KeyText {
  const text = Buffer.from(key).toString('utf8');
  return Buffer.from(text, 'utf8').equals(key) ? text : { base64: Buffer.from(key).toString('base64') };
}

function initialPermission(permission: Permission): InitialPermission {
  const { key, end } = toStore(permission);
  return { access: permission.access, key: keyText(key), ...(end === undefined ? {} : { end: keyText(end) }) };
}

/** The plan's access as the included engine begins with it, without the hashes. */
export function initialAccess(plan: Plan): InitialAccess {
  return {
    roles: plan.access.roles.map(({ name, permissions }) => ({
      name,
      permissions: onePerRange(permissions.map(permissionOf)).map(initialPermission),
    })),
    users: usersOf(plan).map(({ name, roles }) => ({ name, roles, passwordHash: '' })),
    enable: true,
  };
}
