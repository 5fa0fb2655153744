import type { Auth } from '../auth/auth.js';
import { completeToken } from '../auth/tokens.js';
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import type { Members } from '../members/members.js';
import type { Index } from '../numbers.js';
import type { Action, ActionResult, Caller, Outcome } from '../operations/action.js';
import type { AuthOperation } from '../operations/auth.js';
import type { Entry } from '../raft/types.js';
import type { Backend } from '../store/backend.js';
import type { Kv } from '../store/kv.js';
import { type Command, decodeCommand, type ProposalId } from './command.js';
import { Permissions } from './permissions.js';

/** The keys: a Kv, or what holds the present one where a snapshot may replace it. */
export type KeyValues = Pick<Kv, 'revision' | 'apply' | 'compact'>;

export interface ApplierOptions {
  readonly backend: Pick<Backend, 'transact'>;
  readonly kv: KeyValues;
  readonly auth: Auth;
  readonly members: Members;
}

/** What became of a proposal: the same on every member, though only the proposer has somebody waiting for it. */
export interface Applied {
  readonly proposal: ProposalId;
  readonly outcome: Outcome | ClusterError;
}

const done: ActionResult = { kind: 'done' };

/** Trouble of this member alone. Answering it as an outcome would make the members' states differ. */
const ownTrouble: ReadonlySet<ClusterErrorCode> = new Set<ClusterErrorCode>([
  'disk-full',
  'store-damaged',
  'log-damaged',
  'snapshot-damaged',
  'data-dir-refused',
  'stopped',
]);

/**
 * Carries out committed entries, in order, each in one transaction of the store together with its index.
 * Depends on nothing but the entries and the state they made: no clock, no randomness, no environment.
 */
export class Applier {
  readonly #permissions: Permissions;
  readonly #options: ApplierOptions;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#permissions = new Permissions(options.auth);
  }

  /**
   * Undefined for entries that are raft's own. A refused command counts as applied: ClusterError is its outcome.
   * Throws what this member can't go on after: a damaged entry, a full or damaged disk.
   */
  apply({ index, kind, data }: Entry): Applied | undefined {
    const command = kind === 'command' ? decodeCommand(data, index) : undefined;
    return this.#options.backend.transact(index, () => command && this.#applied(command, index));
  }

  #applied({ proposal, caller, action }: Command, index: Index): Applied {
    return { proposal, outcome: this.#outcome(caller, action, index) };
  }

  #outcome(caller: Caller | undefined, action: Action, index: Index): Outcome | ClusterError {
    try {
      this.#permissions.checkAction(caller, action);
      return { result: this.#carryOut(action, index), revision: this.#options.kv.revision };
    } catch (error) {
      if (error instanceof ClusterError && !ownTrouble.has(error.code)) return error;
      throw error;
    }
  }

  #carryOut(action: Action, index: Index): ActionResult {
    const { auth, kv, members } = this.#options;
    switch (action.kind) {
      case 'put':
      case 'delete-range':
      case 'txn':
        return kv.apply(action);
      case 'compact':
        kv.compact(action.revision);
        return done;
      case 'bootstrap':
        auth.bootstrap(action.access);
        return done;
      case 'member-attributes':
        members.apply(action);
        return done;
      case 'authenticate':
        return this.#signIn(action, index);
      default:
        auth.apply(action);
        return done;
    }
  }

  #signIn(action: Extract<AuthOperation, { kind: 'authenticate' }>, index: Index): ActionResult {
    const token = completeToken(action.token, index);
    this.#options.auth.apply({ ...action, token });
    return { kind: 'authenticated', token };
  }
}
