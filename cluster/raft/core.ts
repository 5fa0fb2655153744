import { strict as assert } from 'node:assert';
import { type Index, index, type MemberId, noMember, type Term } from '../numbers.js';
import { ElectionTimer } from './election-timer.js';
import { Outbox } from './outbox.js';
import { Quorum } from './quorum.js';
import { RaftLog } from './raft-log.js';
import { changesIn } from './scan.js';
import type { HardState, LogView, Membership, Message, Role } from './types.js';

export interface RaftOptions {
  readonly id: MemberId;
  readonly log: LogView;
  readonly hardState: HardState;
  readonly membership: Membership;
  /** What the state has durably applied. */
  readonly applied: Index;
  /** A timeout is drawn from [electionTicks, 2 × electionTicks). */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Of data in one append message; one entry may exceed it. */
  readonly appendBytesMax: number;
  /** Appends to a follower that may await their reply. */
  readonly inFlightMax: number;
  /** Of data that a leader accepts beyond what is committed; a first batch may exceed it. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** Of data handed out and not yet applied; one entry may exceed it. Default 8 MiB. */
  readonly unappliedBytesMax?: number;
}

/** `full`: the leader holds too many uncommitted bytes. `forwarded` promises nothing: the message may be lost or refused. */
export type ProposeResult = 'accepted' | 'forwarded' | 'no-leader' | 'transferring' | 'full';

/** How a role ends. */
export interface Transitions {
  follow(term: Term, leader: MemberId): void;
  /** `vote` on `transfer` skips the pre-vote and overrides leases. */
  campaign(ballot: 'pre-vote' | 'vote', transfer: boolean): void;
  lead(electedAlone: boolean): void;
}

/** What a role does. Messages come in at the role's own term or without one; `leave` is its last call. */
export interface Behaviour {
  readonly role: Role;
  tick(): void;
  step(message: Message): void;
  propose(data: readonly Uint8Array[]): ProposeResult;
  proposeMembership(data: Uint8Array): ProposeResult;
  readIndex(context: number): void;
  transferLeadership(to: MemberId): void;
  leave(): void;
}

/**
 * A change of the membership is appended only after the one before it is committed: of several in the log all but the
 * last are, even where a crash took the commit index that came with them.
 */
const surelyCommitted = ({ log, applied }: RaftOptions): Index =>
  changesIn(log, applied + 1, log.lastIndex()).at(-2) ?? index(0);

/** What outlives a role: the term and its vote, the log, the commit index, who counts and what goes out. */
export class Core {
  readonly id: MemberId;
  readonly options: RaftOptions;
  readonly log: RaftLog;
  readonly outbox = new Outbox();
  readonly timer: ElectionTimer;
  leader: MemberId = noMember;
  /** Up to here the state holds the log, and the membership is that of this entry. */
  applied: Index;
  #term: Term;
  #vote: MemberId;
  #commit: Index;
  #taken: HardState;
  #membership: Membership;
  #quorum: Quorum;

  constructor(options: RaftOptions) {
    this.id = options.id;
    this.options = options;
    this.log = new RaftLog(options.log);
    this.timer = new ElectionTimer(options.electionTicks, options.random);
    this.#term = options.hardState.term;
    this.#vote = options.hardState.vote;
    this.#taken = options.hardState;
    this.applied = options.applied;
    this.#commit = index(
      Math.max(options.hardState.commit, options.applied, this.log.mark().index, surelyCommitted(options)),
    );
    this.#membership = options.membership;
    this.#quorum = new Quorum(options.membership);
    assert(
      this.#term >= this.log.lastTerm(),
      `term ${this.#term} before that of the last entry, ${this.log.lastTerm()}`,
    );
    assert(this.#commit <= this.log.lastIndex(), `commit ${this.#commit} beyond the log's end ${this.log.lastIndex()}`);
  }

  get term(): Term {
    return this.#term;
  }

  get vote(): MemberId {
    return this.#vote;
  }

  get commit(): Index {
    return this.#commit;
  }

  get membership(): Membership {
    return this.#membership;
  }

  get quorum(): Quorum {
    return this.#quorum;
  }

  /** The terms go up only, and a vote once cast in a term stands. */
  enterTerm(term: Term, vote: MemberId): void {
    assert(term > this.#term, `term ${term} does not follow ${this.#term}`);
    this.#term = term;
    this.#vote = vote;
  }

  castVote(candidate: MemberId): void {
    assert(this.#vote === noMember || this.#vote === candidate, `a second vote in term ${this.#term}`);
    this.#vote = candidate;
  }

  commitTo(to: Index): boolean {
    if (to <= this.#commit) return false;
    const last = this.log.lastIndex();
    assert(to <= last, `commit ${to} beyond the log's end ${last}: has this member lost data it once acknowledged?`);
    this.#commit = to;
    return true;
  }

  /** Somebody has the log committed up to an entry: if it is ours as well, so have we. */
  learnCommit(at: Index, ofTerm: Term): void {
    if (at > this.#commit && this.log.term(at) === ofTerm) this.commitTo(at);
  }

  get termOrVoteChanged(): boolean {
    return this.#taken.term !== this.#term || this.#taken.vote !== this.#vote;
  }

  /** The commit index is found again after a restart (Raft figure 2): it rides along, but is not worth a write of its own. */
  takeHardState(isWriting: boolean): HardState | undefined {
    if (!this.termOrVoteChanged && (!isWriting || this.#taken.commit === this.#commit)) return undefined;
    this.#taken = { term: this.#term, vote: this.#vote, commit: this.#commit };
    return this.#taken;
  }

  setMembership(membership: Membership): void {
    this.#membership = membership;
    this.#quorum = new Quorum(membership);
  }

  /**
   * A learner, a stranger and a member without its state yet do not campaign; nor does one that knows of a committed
   * change of the membership which it has not applied (README.md).
   */
  get mayCampaign(): boolean {
    if (!this.#quorum.includes(this.id) || this.log.installing !== undefined) return false;
    return this.applied >= this.#commit || changesIn(this.log, this.applied + 1, this.#commit).length === 0;
  }

  /** It has joined a cluster and never had a state: no entry can follow on that, not even the first. */
  get isBlank(): boolean {
    return this.#membership.voters.length === 0;
  }

  get inLease(): boolean {
    return this.leader !== noMember && !this.timer.leaseExpired;
  }
}
