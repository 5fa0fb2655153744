import type { Alarms } from '../alarms/alarms.js';
import type { Auth } from '../auth/auth.js';
import { completeToken } from '../auth/tokens.js';
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import type { Leases } from '../lease/leases.js';
import type { Downgrade } from '../members/downgrade.js';
import type { Members } from '../members/members.js';
import type { Index, Term } from '../numbers.js';
import type { Action, ActionResult, Caller, Outcome } from '../operations/action.js';
import type { AuthOperation } from '../operations/auth.js';
import { isMemberChange } from '../operations/members.js';
import type { Entry, EntryKind } from '../raft/types.js';
import type { Backend } from '../store/backend.js';
import type { Kv } from '../store/kv.js';
import { type Command, decodeCommand, type ProposalId } from './command.js';
import { carryOutLease } from './lease-actions.js';
import { Permissions } from './permissions.js';

/** The keys: a Kv, or what holds the present one where a snapshot may replace it. */
export type KeyValues = Pick<Kv, 'revision' | 'apply' | 'compact' | 'keysOf' | 'deleteKeysOf'>;

export interface ApplierOptions {
  readonly backend: Pick<Backend, 'transact'>;
  readonly kv: KeyValues;
  readonly auth: Auth;
  readonly leases: Leases;
  readonly members: Members;
  readonly alarms: Alarms;
  readonly downgrade: Downgrade;
}

/** What became of a proposal: the same on every member, though only the proposer has somebody waiting for it. */
export interface Applied {
  readonly proposal: ProposalId;
  readonly action: Action['kind'];
  readonly outcome: Outcome | ClusterError;
}

/** Of an entry in the log. */
interface Place {
  readonly kind: EntryKind;
  readonly index: Index;
  readonly term: Term;
}

const done: ActionResult = { kind: 'done' };

/** Raft acts on a change of the members only where it knows that there is one. No member of ours proposes otherwise. */
const misplaced = (action: Action, kind: EntryKind): ClusterError =>
  new ClusterError('invalid-argument', `${action.kind} does not belong in an entry of kind ${kind}`);

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
    this.#permissions = new Permissions(options.auth, options.kv);
  }

  /**
   * Undefined for entries that are raft's own. A refused command counts as applied: ClusterError is its outcome.
   * Throws what this member can't go on after: a damaged entry, a full or damaged disk.
   */
  apply(entry: Entry): Applied | undefined {
    const { index, kind, data } = entry;
    const command = kind === 'empty' ? undefined : decodeCommand(data, index);
    return this.#options.backend.transact(index, () => command && this.#applied(command, entry));
  }

  #applied({ proposal, caller, action }: Command, entry: Place): Applied {
    return { proposal, action: action.kind, outcome: this.#outcome(caller, action, entry) };
  }

  #outcome(caller: Caller | undefined, action: Action, entry: Place): Outcome | ClusterError {
    try {
      this.#options.alarms.checkAction(action);
      this.#permissions.checkAction(caller, action);
      return { result: this.#carryOut(action, entry), revision: this.#options.kv.revision };
    } catch (error) {
      if (error instanceof ClusterError && !ownTrouble.has(error.code)) return error;
      throw error;
    }
  }

  #carryOut(action: Action, { kind, index, term }: Place): ActionResult {
    const { auth, kv, members, alarms, downgrade } = this.#options;
    if (isMemberChange(action) !== (kind === 'membership')) throw misplaced(action, kind);
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
      case 'member-add':
      case 'member-remove':
      case 'member-update':
      case 'member-promote':
      case 'member-keep':
        return { kind: 'members', members: members.change(action, index) };
      case 'lease-grant':
      case 'lease-revoke':
      case 'lease-expire':
      case 'lease-checkpoint':
        carryOutLease(this.#options, action, term);
        return done;
      case 'alarm':
        return { kind: 'alarms', alarms: alarms.apply(action) };
      case 'downgrade':
        downgrade.apply(action);
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
