import { ClusterError } from '../errors.js';
import type { KeyRange } from '../operations/kv.js';
import { tableKeyBytesMax } from '../tables.js';
import type { Directory } from './directory.js';
import { intervalOf } from './intervals.js';
import type { Role, User } from './records.js';

// What a change of users and roles can be refused for. Each names etcd's situation by its code.

/** The user and the role that may do everything. */
export const rootName = 'root';

export function requireUser(directory: Directory, name: string): User {
  const user = directory.user(name);
  if (user === undefined) throw new ClusterError('user-not-found', `user "${name}" does not exist`, { user: name });
  return user;
}

export function requireRole(directory: Directory, name: string): Role {
  const role = directory.role(name);
  if (role === undefined) throw new ClusterError('role-not-found', `role "${name}" does not exist`, { role: name });
  return role;
}

export function checkUserName(name: string): void {
  if (name === '') throw new ClusterError('user-empty', 'a user needs a name');
  checkNameLength(name);
}

export function checkRoleName(name: string): void {
  if (name === '') throw new ClusterError('role-empty', 'a role needs a name');
  checkNameLength(name);
}

export function checkNewUser(directory: Directory, name: string): void {
  checkUserName(name);
  if (directory.user(name) === undefined) return;
  throw new ClusterError('user-already-exists', `user "${name}" already exists`, { user: name });
}

export function checkNewRole(directory: Directory, name: string): void {
  checkRoleName(name);
  if (directory.role(name) === undefined) return;
  throw new ClusterError('role-already-exists', `role "${name}" already exists`, { role: name });
}

/** `root` can be granted before it was made, as etcdctl's `auth enable` expects. */
export function checkGrantable(directory: Directory, role: string): void {
  if (role !== rootName) requireRole(directory, role);
}

/** etcd up to 3.5 keeps a permission that no key can match; we refuse it, as 3.6 does. */
export function checkPermissionRange(range: KeyRange): void {
  const { from, to } = intervalOf(range);
  if (from.length > 0 && (to === undefined || Buffer.compare(from, to) < 0)) return;
  throw new ClusterError(
    'invalid-auth-management',
    'no key lies in the range of the permission',
    {},
    {
      hint: 'give a key and, for a range, an end above it; the key and end "\\0" name all keys',
    },
  );
}

/** Auth can't be on with nobody left who may turn it off. */
export function checkRootMayChange(directory: Directory, name: string, change: string): void {
  if (!directory.enabled || name !== rootName) return;
  throw new ClusterError('invalid-auth-management', `${change} is refused while auth is enabled`);
}

export function checkRootIsReady(root: User | undefined): void {
  if (root === undefined) {
    throw new ClusterError('root-user-not-exist', 'auth can be enabled once there is a user "root"');
  }
  if (root.roles.includes(rootName)) return;
  throw new ClusterError('root-role-not-exist', 'auth can be enabled once user "root" has role "root"');
}

function checkNameLength(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes <= tableKeyBytesMax) return;
  throw new ClusterError('invalid-argument', `the name has ${bytes} bytes, at most ${tableKeyBytesMax} are allowed`);
}
