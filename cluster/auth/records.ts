import type { Access, Permission } from '../operations/auth.js';
import { authpb } from '../wire/generated/messages.js';

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
  /** In order of key, then end. */
  readonly permissions: readonly Permission[];
}

const accessNumber: Readonly<Record<Access, number>> = { read: 0, write: 1, readwrite: 2 };
const accessOf: readonly Access[] = ['read', 'write', 'readwrite'];

export const textBytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const bytesText = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

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
    roles: roles ?? [],
  };
}

export function encodeRole(role: Role): Uint8Array {
  return authpb.Role.encode({
    name: textBytes(role.name),
    keyPermission: role.permissions.map(permissionMessage),
  }).finish();
}

export function decodeRole(bytes: Uint8Array): Role {
  const { name, keyPermission } = authpb.Role.decode(bytes);
  return { name: bytesText(name), permissions: (keyPermission ?? []).map(permissionValue) };
}

const permissionMessage = ({ access, key, end }: Permission): authpb.Permission.$Properties => ({
  permType: accessNumber[access],
  key,
  ...(end === undefined ? {} : { rangeEnd: end }),
});

/** Bytes are copied: a decoded field is a view into memory that the table may take back. */
function permissionValue(message: authpb.Permission.$Properties): Permission {
  const access = accessOf[message.permType ?? 0] ?? 'read';
  const key = Uint8Array.from(message.key ?? []);
  return message.rangeEnd?.length ? { access, key, end: Uint8Array.from(message.rangeEnd) } : { access, key };
}
