import { ClusterError } from '../errors.js';
import type { AccessDeclaration } from '../operations/auth.js';
import { withPermission } from './changes.js';
import {
  checkNewRole,
  checkNewUser,
  checkPermissionRange,
  checkRoleName,
  checkRootIsReady,
  checkUserName,
  rootName,
} from './checks.js';
import type { Directory } from './directory.js';
import { compareText, type Role, type User } from './records.js';

/**
 * Checks what can be checked without a cluster: names, ranges, roles that users hold, and that root is there if auth
 * is to be on. To be called before the declaration is proposed. Throws ClusterError.
 */
export function checkDeclaration(declaration: AccessDeclaration): void {
  const roles = rolesOf(declaration);
  const users = usersOf(declaration);
  for (const { name } of roles) checkRoleName(name);
  for (const { name } of users) checkUserName(name);
  checkDistinct(roles, 'role-already-exists');
  checkDistinct(users, 'user-already-exists');
  for (const role of declaration.roles) role.permissions.forEach(checkPermissionRange);
  const declared = new Set(roles.map(({ name }) => name));
  for (const user of users) for (const role of user.roles) checkDeclared(declared, user.name, role);
  if (declaration.enable) checkRootIsReady(users.find(({ name }) => name === rootName));
}

/**
 * Puts a plan's users, roles and permissions into effect as one change, all or nothing.
 * Throws ClusterError for what `checkDeclaration` finds, and for names that are taken.
 */
export function declareAccess(directory: Directory, declaration: AccessDeclaration): void {
  checkDeclaration(declaration);
  const roles = rolesOf(declaration);
  const users = usersOf(declaration);
  for (const { name } of roles) checkNewRole(directory, name);
  for (const { name } of users) checkNewUser(directory, name);

  for (const role of roles) directory.saveRole(role);
  for (const user of users) directory.saveUser(user);
  if (declaration.enable) directory.setEnabled(true);
  directory.raiseRevision();
}

/** Role `root` needs no declaration, but people expect to see it listed. */
function rolesOf({ roles, users }: AccessDeclaration): readonly Role[] {
  const named = roles.map(({ name, permissions }) => ({
    name,
    permissions: permissions.reduce(withPermission, [] as Role['permissions']),
  }));
  const wantsRoot = users.some((user) => user.roles.includes(rootName));
  const hasRoot = roles.some(({ name }) => name === rootName);
  return wantsRoot && !hasRoot ? [...named, { name: rootName, permissions: [] }] : named;
}

const usersOf = ({ users }: AccessDeclaration): readonly User[] =>
  users.map(({ name, roles, passwordHash }) => ({
    name,
    passwordHash,
    noPassword: passwordHash === '',
    roles: [...new Set(roles)].sort(compareText),
  }));

function checkDeclared(declared: ReadonlySet<string>, user: string, role: string): void {
  if (declared.has(role)) return;
  throw new ClusterError('role-not-found', `user "${user}" is to have role "${role}", which is not declared`, {
    user,
    role,
  });
}

function checkDistinct(
  items: readonly { readonly name: string }[],
  code: 'user-already-exists' | 'role-already-exists',
): void {
  const seen = new Set<string>();
  for (const { name } of items) {
    if (seen.has(name)) throw new ClusterError(code, `"${name}" is declared twice`, { name });
    seen.add(name);
  }
}
