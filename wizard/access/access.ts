import { type Role, root, type User } from '../plan/plan.js';
import { allRights, bothOf, noRights, type Permission, permissionOf, type Rights, rightsOf } from './rights.js';

/** Who may do what: of a live cluster, or as it is declared. */
export interface Access {
  readonly roles: ReadonlyMap<string, readonly Permission[]>;
  /** Each user's roles. */
  readonly users: ReadonlyMap<string, readonly string[]>;
}

export interface Declared {
  readonly roles: readonly Role[];
  readonly users: readonly User[];
}

/** As declared, with root, who is always there. */
export const accessOf = ({ roles, users }: Declared): Access => ({
  roles: new Map([[root, []], ...roles.map(({ name, permissions }) => [name, permissions.map(permissionOf)] as const)]),
  users: new Map([[root, [root]], ...users.map((user) => [user.name, user.roles] as const)]),
});

/** The role root may do everything, whatever it was granted. */
export const roleRights = ({ roles }: Access, role: string): Rights =>
  role === root ? allRights : rightsOf(roles.get(role) ?? []);

export const userRights = (access: Access, user: string): Rights =>
  (access.users.get(user) ?? []).map((role) => roleRights(access, role)).reduce(bothOf, noRights);
