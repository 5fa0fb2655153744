import type { AccessDeclaration, AuthOperation } from '../operations/auth.js';
import { quorate } from '../wire/generated/messages.js';
import { permissionMessage, permissionOf } from '../wire/permissions.js';

// Operations on users and roles as they lie in the log.

const { Kind } = quorate.AuthChange;

const kindNumbers: Readonly<Record<AuthOperation['kind'], number>> = {
  'auth-enable': Kind.ENABLE,
  'auth-disable': Kind.DISABLE,
  'user-add': Kind.USER_ADD,
  'user-delete': Kind.USER_DELETE,
  'user-change-password': Kind.USER_CHANGE_PASSWORD,
  'user-grant-role': Kind.USER_GRANT_ROLE,
  'user-revoke-role': Kind.USER_REVOKE_ROLE,
  'role-add': Kind.ROLE_ADD,
  'role-delete': Kind.ROLE_DELETE,
  'role-grant-permission': Kind.ROLE_GRANT_PERMISSION,
  'role-revoke-permission': Kind.ROLE_REVOKE_PERMISSION,
  authenticate: Kind.AUTHENTICATE,
};

const kindNames = new Map(Object.entries(kindNumbers).map(([name, number]) => [number, name as AuthOperation['kind']]));

export function authChangeMessage(operation: AuthOperation): quorate.AuthChange.$Properties {
  const kind = kindNumbers[operation.kind];
  switch (operation.kind) {
    case 'role-grant-permission':
      return { kind, role: operation.role, permission: permissionMessage(operation.permission) };
    case 'role-revoke-permission':
      return { kind, role: operation.role, permission: permissionMessage({ ...operation, access: 'read' }) };
    default:
      return { ...operation, kind };
  }
}

export function authChangeOf(message: quorate.AuthChange.$Properties): AuthOperation {
  const { user, role, passwordHash, noPassword, token } = new quorate.AuthChange(message);
  const kind = kindNames.get(message.kind ?? 0);
  switch (kind) {
    case 'auth-enable':
    case 'auth-disable':
      return { kind };
    case 'user-add':
    case 'user-change-password':
      return { kind, user, passwordHash, noPassword };
    case 'user-delete':
      return { kind, user };
    case 'user-grant-role':
    case 'user-revoke-role':
      return { kind, user, role };
    case 'role-add':
    case 'role-delete':
      return { kind, role };
    case 'role-grant-permission':
      return { kind, role, permission: permissionOf(message.permission ?? {}) };
    case 'role-revoke-permission': {
      const { access: _, ...range } = permissionOf(message.permission ?? {});
      return { kind, role, ...range };
    }
    case 'authenticate':
      return { kind, user, token };
    case undefined:
      throw new Error(`there is no operation on users and roles with the number ${message.kind}`);
  }
}

export function bootstrapMessage(access: AccessDeclaration | undefined): quorate.Bootstrap.$Properties {
  if (access === undefined) return { declared: false };
  const roles = access.roles.map(({ name, permissions }) => ({
    name: Buffer.from(name),
    keyPermission: permissions.map(permissionMessage),
  }));
  const users = access.users.map(({ name, passwordHash, roles }) => ({
    name: Buffer.from(name),
    password: Buffer.from(passwordHash),
    roles: [...roles],
  }));
  return { declared: true, roles, users, enable: access.enable };
}

export function declarationOf(message: quorate.Bootstrap.$Properties): AccessDeclaration | undefined {
  if (!message.declared) return undefined;
  return {
    roles: (message.roles ?? []).map(({ name, keyPermission }) => ({
      name: text(name),
      permissions: (keyPermission ?? []).map(permissionOf),
    })),
    users: (message.users ?? []).map(({ name, password, roles }) => ({
      name: text(name),
      roles: roles ?? [],
      passwordHash: text(password),
    })),
    enable: message.enable ?? false,
  };
}

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
