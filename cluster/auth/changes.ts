import { ClusterError } from '../errors.js';
import type { AuthOperation, Permission } from '../operations/auth.js';
import type { KeyRange } from '../operations/kv.js';
import {
  checkGrantable,
  checkNewRole,
  checkNewUser,
  checkPermissionRange,
  checkRootIsReady,
  checkRootMayChange,
  requireRole,
  requireUser,
  rootName,
} from './checks.js';
import type { Directory } from './directory.js';
import { compareText } from './records.js';

type OperationOf<Kind extends AuthOperation['kind']> = Extract<AuthOperation, { kind: Kind }>;
/** Checks first and writes last, so that a refused change leaves no trace. Answers whether the auth revision goes up. */
type Change<Kind extends AuthOperation['kind']> = (directory: Directory, operation: OperationOf<Kind>) => boolean;
type Changes = { readonly [Kind in AuthOperation['kind']]: Change<Kind> };

/** What each operation does to users, roles and switches, measured against etcd 3.4.23. */
const changes: Changes = {
  // Enabling takes no permission away from anybody who was asked for one, so the revision stays.
  'auth-enable': (directory) => {
    if (directory.enabled) return false;
    checkRootIsReady(directory.user(rootName));
    directory.setEnabled(true);
    return false;
  },
  'auth-disable': (directory) => {
    if (!directory.enabled) return false;
    directory.setEnabled(false);
    return true;
  },
  'user-add': (directory, { user, passwordHash, noPassword }) => {
    checkNewUser(directory, user);
    directory.saveUser({ name: user, passwordHash: noPassword ? '' : passwordHash, noPassword, roles: [] });
    return true;
  },
  'user-delete': (directory, { user }) => {
    checkRootMayChange(directory, user, 'deleting user "root"');
    requireUser(directory, user);
    directory.removeUser(user);
    return true;
  },
  // A user without a password stays one: etcd takes the new password and forgets it.
  'user-change-password': (directory, { user, ...next }) => {
    const old = requireUser(directory, user);
    const noPassword = old.noPassword || next.noPassword;
    directory.saveUser({ ...old, passwordHash: noPassword ? '' : next.passwordHash, noPassword });
    return true;
  },
  'user-grant-role': (directory, { user, role }) => {
    const old = requireUser(directory, user);
    checkGrantable(directory, role);
    if (old.roles.includes(role)) return false;
    directory.saveUser({ ...old, roles: [...old.roles, role].sort(compareText) });
    return true;
  },
  'user-revoke-role': (directory, { user, role }) => {
    if (role === rootName) checkRootMayChange(directory, user, 'taking role "root" from user "root"');
    const old = requireUser(directory, user);
    if (!old.roles.includes(role)) {
      throw new ClusterError('role-not-granted', `user "${user}" does not have role "${role}"`, { user, role });
    }
    directory.saveUser({ ...old, roles: old.roles.filter((name) => name !== role) });
    return true;
  },
  'role-add': (directory, { role }) => {
    checkNewRole(directory, role);
    directory.saveRole({ name: role, permissions: [] });
    return true;
  },
  'role-delete': (directory, { role }) => {
    checkRootMayChange(directory, role, 'deleting role "root"');
    requireRole(directory, role);
    directory.removeRole(role);
    for (const user of directory.users()) {
      if (user.roles.includes(role)) directory.saveUser({ ...user, roles: user.roles.filter((name) => name !== role) });
    }
    return true;
  },
  'role-grant-permission': (directory, { role, permission }) => {
    checkPermissionRange(permission);
    const old = requireRole(directory, role);
    directory.saveRole({ name: role, permissions: withPermission(old.permissions, permission) });
    return true;
  },
  'role-revoke-permission': (directory, { role, ...range }) => {
    const old = requireRole(directory, role);
    const permissions = old.permissions.filter((permission) => !isSameRange(permission, range));
    if (permissions.length === old.permissions.length) {
      throw new ClusterError('permission-not-granted', `role "${role}" has no permission on that range`, { role });
    }
    directory.saveRole({ name: role, permissions });
    return true;
  },
  authenticate: (directory, { user }) => {
    if (!directory.enabled) throw new ClusterError('auth-not-enabled', 'nobody signs in while auth is disabled');
    if (directory.user(user) === undefined) throw new ClusterError('auth-failed', 'the user is gone', { user });
    return false;
  },
};

/** Carries out one operation. Throws ClusterError, and then has changed nothing. */
export function carryOut(directory: Directory, operation: AuthOperation): void {
  // The table is closed over the kinds, but the compiler can't tell that a lookup pairs each with its own shape.
  const change = changes[operation.kind] as (directory: Directory, operation: AuthOperation) => boolean;
  if (change(directory, operation)) directory.raiseRevision();
}

/** A second grant on the same range replaces the first. */
export function withPermission(old: readonly Permission[], added: Permission): readonly Permission[] {
  const at = old.findIndex((permission) => isSameRange(permission, added));
  if (at >= 0) return old.with(at, added);
  return [...old, added].sort((a, b) => Buffer.compare(a.key, b.key));
}

const noBytes = new Uint8Array();

const isSameRange = (a: KeyRange, b: KeyRange): boolean =>
  Buffer.compare(a.key, b.key) === 0 && Buffer.compare(a.end ?? noBytes, b.end ?? noBytes) === 0;
