import type { Access, AuthOperation, Permission } from '../../../cluster/operations/auth.js';

// Short words for auth operations in tests.

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

export const keys = (key: string, end?: string): { readonly key: Uint8Array; readonly end?: Uint8Array } =>
  end === undefined ? { key: bytes(key) } : { key: bytes(key), end: bytes(end) };

export const permission = (access: Access, key: string, end?: string): Permission => ({ access, ...keys(key, end) });

export const enable: AuthOperation = { kind: 'auth-enable' };
export const disable: AuthOperation = { kind: 'auth-disable' };
export const addUser = (user: string): AuthOperation => ({
  kind: 'user-add',
  user,
  passwordHash: 'old hash',
  noPassword: false,
});
export const addPasswordless = (user: string): AuthOperation => ({
  kind: 'user-add',
  user,
  passwordHash: 'ignored',
  noPassword: true,
});
export const deleteUser = (user: string): AuthOperation => ({ kind: 'user-delete', user });
export const changePassword = (user: string): AuthOperation => ({
  kind: 'user-change-password',
  user,
  passwordHash: 'new hash',
  noPassword: false,
});
export const grant = (user: string, role: string): AuthOperation => ({ kind: 'user-grant-role', user, role });
export const revoke = (user: string, role: string): AuthOperation => ({ kind: 'user-revoke-role', user, role });
export const addRole = (role: string): AuthOperation => ({ kind: 'role-add', role });
export const deleteRole = (role: string): AuthOperation => ({ kind: 'role-delete', role });
export const permit = (role: string, access: Access, key: string, end?: string): AuthOperation => ({
  kind: 'role-grant-permission',
  role,
  permission: permission(access, key, end),
});
export const unpermit = (role: string, key: string, end?: string): AuthOperation => ({
  kind: 'role-revoke-permission',
  role,
  ...keys(key, end),
});
export const authenticate = (user: string, token: string): AuthOperation => ({ kind: 'authenticate', user, token });

/** Leaves auth on with user root. */
export const withRoot: readonly AuthOperation[] = [addUser('root'), grant('root', 'root'), enable];
