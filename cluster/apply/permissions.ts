import type { Auth } from '../auth/auth.js';
import { ClusterError } from '../errors.js';
import { type LeaseId, noLease } from '../numbers.js';
import type { Action, Caller } from '../operations/action.js';
import type { AuthOperation } from '../operations/auth.js';
import type { DeleteRange, KeyRange, Operation, Put, Txn } from '../operations/kv.js';
import type { Kv } from '../store/kv.js';

const own: ReadonlySet<Action['kind']> = new Set<Action['kind']>([
  'member-attributes',
  'member-keep',
  'lease-expire',
  'lease-checkpoint',
]);

/**
 * Decides who may do what, on the replicated state and at the moment of its use. While auth is off everybody may do
 * everything. All methods throw ClusterError:
 *
 * - for keys: user-empty (nobody is named), auth-old-revision (users or roles have changed since the caller was
 *   identified, who is to be identified again), permission-denied;
 * - for administration: user-empty, user-not-found, permission-denied. No revision here, as in etcd: an administrator's
 *   own changes would make each other stale.
 */
export class Permissions {
  readonly #auth: Auth;
  readonly #kv: Pick<Kv, 'keysOf'>;

  /** `kv` tells which keys a lease is attached to. */
  constructor(auth: Auth, kv: Pick<Kv, 'keysOf'>) {
    this.#auth = auth;
    this.#kv = kv;
  }

  /** Before an action from the log is carried out. */
  checkAction(caller: Caller | undefined, action: Action): void {
    if (!this.#auth.enabled) return;
    if (action.kind === 'put' || action.kind === 'delete-range' || action.kind === 'txn') {
      this.#checkOperation(this.#current(caller), action);
    } else if (action.kind === 'authenticate') this.#checkFresh(action, caller);
    else if (action.kind === 'lease-grant') this.#current(caller);
    else if (action.kind === 'lease-revoke') this.#checkLeaseWritable(this.#current(caller), action.id);
    else if (!this.#isMembersOwn(action)) this.checkAdmin(caller);
  }

  /** Before keys are read outside the log or watched, all of them. */
  checkRead(caller: Caller | undefined, range: KeyRange): void {
    if (this.#auth.enabled) this.#checkReadable(this.#current(caller), range);
  }

  /** For transactions that only read, and thus don't go through the log. */
  checkTxn(caller: Caller | undefined, txn: Txn): void {
    if (this.#auth.enabled) this.#checkTxn(this.#current(caller), txn);
  }

  /** Before a lease is kept alive: whoever may not write a key may not keep it either. */
  checkKeepAlive(caller: Caller | undefined, lease: LeaseId): void {
    if (this.#auth.enabled) this.#checkLeaseWritable(this.#current(caller), lease);
  }

  /** Before it is told of leases which there are, or which keys they are attached to. */
  checkLeasesRead(caller: Caller | undefined, leases: readonly LeaseId[]): void {
    if (!this.#auth.enabled) return;
    const user = this.#current(caller);
    if (this.#auth.isRoot(user)) return;
    for (const lease of leases) for (const key of this.#kv.keysOf(lease)) this.#checkReadable(user, { key });
  }

  /** For what anybody may ask, but somebody must. @throws ClusterError user-empty */
  checkNamed(caller: Caller | undefined): void {
    if (this.#auth.enabled) named(caller);
  }

  /** For everything that only root may do, such as maintenance, and looking at all users or roles. */
  checkAdmin(caller: Caller | undefined): void {
    if (!this.#auth.enabled) return;
    const { user } = named(caller);
    if (this.#auth.user(user) === undefined) {
      throw new ClusterError('user-not-found', `user "${user}" does not exist`, { user });
    }
    if (!this.#auth.isRoot(user)) throw denied(user, 'this needs role "root"');
  }

  /** One may look at oneself. */
  checkUserGet(caller: Caller | undefined, user: string): void {
    if (this.#auth.enabled && named(caller).user !== user) this.checkAdmin(caller);
  }

  /** One may look at a role that one has. */
  checkRoleGet(caller: Caller | undefined, role: string): void {
    if (!this.#auth.enabled) return;
    const account = this.#auth.user(named(caller).user);
    if (!account?.roles.includes(role)) this.checkAdmin(caller);
  }

  /** Members propose these by themselves, for nobody. A bootstrap does so at every start, and only the first one counts. */
  #isMembersOwn(action: Action): boolean {
    const { kind } = action;
    if (kind === 'bootstrap') return this.#auth.bootstrapped;
    if (kind === 'compact') return action.own === true;
    if (kind === 'alarm') return action.change === 'raise';
    return own.has(kind);
  }

  /** Whether it is carried out or not: both branches and all that is nested in them (CVE-2026-33343). */
  #checkOperation(user: string, operation: Operation): void {
    if (operation.kind === 'txn') this.#checkTxn(user, operation);
    else if (operation.kind === 'range') this.#checkReadable(user, operation);
    else this.#checkWritable(user, operation);
  }

  #checkTxn(user: string, { compare, success, failure }: Txn): void {
    for (const range of compare) this.#checkReadable(user, range);
    for (const operation of success) this.#checkOperation(user, operation);
    for (const operation of failure) this.#checkOperation(user, operation);
  }

  /** Asking for what was there before is reading it (CVE-2026-44283). */
  #checkWritable(user: string, operation: Put | DeleteRange): void {
    if (!this.#auth.mayWrite(user, operation)) throw denied(user, 'these keys are not writable');
    if (operation.prevKv) this.#checkReadable(user, operation);
    // Whoever may not revoke a lease may not tie a key to its end either.
    if (operation.kind === 'put' && operation.lease !== noLease) this.#checkLeaseWritable(user, operation.lease);
  }

  /** Ending a lease deletes all its keys, so it takes what deleting them one by one would. */
  #checkLeaseWritable(user: string, lease: LeaseId): void {
    if (this.#auth.isRoot(user)) return;
    for (const key of this.#kv.keysOf(lease)) {
      if (!this.#auth.mayWrite(user, { key }))
        throw denied(user, 'the lease is attached to keys that are not writable');
    }
  }

  #checkReadable(user: string, range: KeyRange): void {
    if (!this.#auth.mayRead(user, range)) throw denied(user, 'these keys are not readable');
  }

  #current(caller: Caller | undefined): string {
    const { user, authRevision } = named(caller);
    this.#checkRevision(authRevision);
    return user;
  }

  /** The password was compared with the state at the caller's revision; nothing may have changed since. */
  #checkFresh({ user }: Extract<AuthOperation, { kind: 'authenticate' }>, caller: Caller | undefined): void {
    const signedIn = named(caller);
    if (signedIn.user !== user) throw denied(signedIn.user, 'one signs in for oneself');
    this.#checkRevision(signedIn.authRevision);
  }

  #checkRevision(seen: number): void {
    const { revision } = this.#auth;
    if (seen >= revision) return;
    const message = `the caller was identified at auth revision ${seen}, users or roles changed up to ${revision}`;
    throw new ClusterError('auth-old-revision', message, { seen, revision });
  }
}

function named(caller: Caller | undefined): Caller {
  if (caller !== undefined && caller.user !== '') return caller;
  throw new ClusterError(
    'user-empty',
    'auth is enabled, and the request names nobody',
    {},
    {
      hint: 'sign in for a token, or show a client certificate whose CN is a user of the cluster',
    },
  );
}

const denied = (user: string, why: string): ClusterError =>
  new ClusterError('permission-denied', `user "${user}": ${why}`, { user });
