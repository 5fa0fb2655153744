import type { Permission } from '../operations/auth.js';
import { authpb } from '../wire/generated/messages.js';
import { permissionMessage, permissionOf } from '../wire/permissions.js';

// Users and roles as they lie in the tables: in etcd's own messages, so that a snapshot takes them over byte by byte.

export interface User {
  readonly name: string;
  /** bcrypt; '' without a password. */
  readonly passwordHash: string;
  readonly noPassword: boolean;
  /** In byte order. */
  readonly roles: readonly string[];
}

export interface Role {
  readonly name: string;
  /** In byte order of their keys; on the same key the older first. */
  readonly permissions: readonly Permission[];
}

export const textBytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const bytesText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** etcd orders names by their bytes, which is not how JavaScript compares strings. */
export const compareText = (a: string, b: string): number => Buffer.compare(textBytes(a), textBytes(b));

export function encodeUser(user: User): Uint8Array {
  return authpb.User.encode({
    name: textBytes(user.name),
    password: textBytes(user.passwordHash),
    roles: [...user.roles],
    options: { noPassword: user.noPassword },
  }).finish();
}

export function decodeUser(bytes: Uint8Array): User {
  const { name, password, roles, options } = authpb.User.decode(bytes);
  return {
    name: bytesText(name),
    passwordHash: bytesText(password),
    noPassword: options?.noPassword ?? false,
    roles,
  };
}

export function encodeRole({ name, permissions }: Role): Uint8Array {
  return authpb.Role.encode({ name: textBytes(name), keyPermission: permissions.map(permissionMessage) }).finish();
}

/** Keys stay views of the bytes, which are copied first: a table may take its own back. */
export function decodeRole(bytes: Uint8Array): Role {
  const { name, keyPermission } = authpb.Role.decode(Uint8Array.from(bytes));
  return { name: bytesText(name), permissions: keyPermission.map(permissionOf) };
}
