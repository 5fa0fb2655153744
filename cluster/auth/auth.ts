import type { AuthRevision } from '../numbers.js';
import type { AccessDeclaration, AuthOperation } from '../operations/auth.js';
import type { KeyRange } from '../operations/kv.js';
import type { TableSource } from '../tables.js';
import { carryOut } from './changes.js';
import { rootName } from './checks.js';
import { declareAccess } from './declaration.js';
import { Directory } from './directory.js';
import { covers, type Interval, intervalOf, mergeIntervals } from './intervals.js';
import type { Role, User } from './records.js';
import type { Tokens } from './tokens.js';

interface Grants {
  readonly read: readonly Interval[];
  readonly write: readonly Interval[];
}

const nothing: Grants = { read: [], write: [] };

/** What etcd shows for role `root`, whatever it was granted: everything. */
const rootPermissions: Role['permissions'] = [{ access: 'readwrite', key: new Uint8Array(), end: Uint8Array.of(0) }];

/** Users, roles and permissions of the cluster: changed by apply/ only, asked by everybody. */
export class Auth {
  readonly #directory: Directory;
  readonly #tokens: Tokens;
  /** Merged permissions by user, made when first asked for and dropped with every change. */
  readonly #grants = new Map<string, Grants>();

  /** `tokens` follow the changes: they are this member's own and no part of the replicated state. */
  constructor(tables: TableSource, tokens: Tokens) {
    this.#directory = new Directory(tables);
    this.#tokens = tokens;
  }

  get enabled(): boolean {
    return this.#directory.enabled;
  }

  get revision(): AuthRevision {
    return this.#directory.revision;
  }

  /** Whether the plan's access section was applied, in this cluster's life. */
  get bootstrapped(): boolean {
    return this.#directory.bootstrapped;
  }

  user(name: string): User | undefined {
    return this.#directory.user(name);
  }

  role(name: string): Role | undefined {
    const role = this.#directory.role(name);
    return role?.name === rootName ? { name: rootName, permissions: rootPermissions } : role;
  }

  /** In byte order of their names. */
  users(): readonly User[] {
    return this.#directory.users();
  }

  /** In byte order of their names. */
  roles(): readonly Role[] {
    return this.#directory.roles();
  }

  isRoot(user: string): boolean {
    return this.user(user)?.roles.includes(rootName) ?? false;
  }

  /** Whether every key of the range is readable by the user; an unknown user may nothing. */
  mayRead(user: string, range: KeyRange): boolean {
    return this.isRoot(user) || covers(this.#grantsOf(user).read, intervalOf(range));
  }

  mayWrite(user: string, range: KeyRange): boolean {
    return this.isRoot(user) || covers(this.#grantsOf(user).write, intervalOf(range));
  }

  /**
   * Carries out an operation that was permitted. Throws ClusterError, and then has changed nothing.
   * For `authenticate`, `token` is the completed one.
   */
  apply(operation: AuthOperation): void {
    const wasEnabled = this.enabled;
    carryOut(this.#directory, operation);
    this.#grants.clear();
    if (this.enabled !== wasEnabled) this.#tokens.dropAll();
    if (operation.kind === 'authenticate') this.#tokens.assign(operation.token, operation.user);
    if (operation.kind === 'user-delete' || operation.kind === 'user-change-password') {
      this.#tokens.dropUser(operation.user);
    }
  }

  /** Applies a plan's access section, the first time; afterwards does nothing. Throws ClusterError, all or nothing. */
  bootstrap(declaration: AccessDeclaration | undefined): void {
    if (this.bootstrapped) return;
    if (declaration !== undefined) declareAccess(this.#directory, declaration);
    this.#directory.markBootstrapped();
    this.#grants.clear();
  }

  /** Goes over to the tables of an installed snapshot. Tokens go: the changes in between were not seen one by one. */
  reload(tables: TableSource): void {
    this.#directory.reload(tables);
    this.#grants.clear();
    this.#tokens.dropAll();
  }

  #grantsOf(user: string): Grants {
    const known = this.#grants.get(user);
    if (known !== undefined) return known;
    const account = this.user(user);
    if (account === undefined) return nothing;
    const permissions = account.roles.flatMap((role) => this.#directory.role(role)?.permissions ?? []);
    const grants = {
      read: mergeIntervals(permissions.filter(({ access }) => access !== 'write').map(intervalOf)),
      write: mergeIntervals(permissions.filter(({ access }) => access !== 'read').map(intervalOf)),
    };
    this.#grants.set(user, grants);
    return grants;
  }
}
