import { strict as assert } from 'node:assert';
import { type Index, type MemberId, noMember, type Term, term as termOf } from '../numbers.js';
import { answerOldTerm, answerVote } from './answers.js';
import { Applying } from './applying.js';
import { Candidate } from './candidate.js';
import { type Behaviour, Core, type ProposeResult, type RaftOptions, type Transitions } from './core.js';
import { Follower } from './follower.js';
import { ForwardedReads } from './forwarded-reads.js';
import { Leader } from './leader.js';
import type { FollowerProgress, Membership, Message, RaftStatus, Ready, Role, SnapshotMark } from './types.js';

export type { ProposeResult, RaftOptions } from './core.js';

const unappliedBytesMaxDefault = 8 * 1024 * 1024;
const noProgress: ReadonlyMap<MemberId, FollowerProgress> = new Map();

/**
 * Raft as a function of its inputs: ticks, messages, proposals and what the disk reports go in, a Ready comes out. It never
 * waits, and reads nothing but its arguments and the log.
 *
 * The driver, in a loop: put in what has come; while `hasReady()`, take a Ready, append its entries to the log so that the
 * LogView shows them before the next call, and do the rest of it in the order of its fields; report with `durable`,
 * `snapshotInstalled` and `applied`. Throws AssertionError when an invariant is broken, by us or by a member that lost data.
 */
export class Raft {
  readonly #core: Core;
  readonly #applying: Applying;
  readonly #forwardedReads: ForwardedReads;
  readonly #transitions: Transitions = {
    follow: (term, leader) => this.#follow(term, leader),
    campaign: (ballot, transfer) => this.#campaign(ballot, transfer),
    lead: (electedAlone) => this.#lead(electedAlone),
  };
  #behaviour: Behaviour;
  /** The behaviour, while it is a leader's. */
  #leading: Leader | undefined;

  constructor(options: RaftOptions) {
    this.#core = new Core(options);
    this.#applying = new Applying(
      this.#core.log,
      options.applied,
      options.unappliedBytesMax ?? unappliedBytesMaxDefault,
    );
    this.#forwardedReads = new ForwardedReads(options.electionTicks, options.random);
    this.#behaviour = new Follower(this.#core, this.#transitions, this.#forwardedReads);
  }

  get id(): MemberId {
    return this.#core.id;
  }

  get role(): Role {
    return this.#behaviour.role;
  }

  get term(): Term {
    return this.#core.term;
  }

  /** 0: unknown. */
  get leader(): MemberId {
    return this.#core.leader;
  }

  get commit(): Index {
    return this.#core.commit;
  }

  get membership(): Membership {
    return this.#core.membership;
  }

  tick(): void {
    this.#behaviour.tick();
  }

  /** Stale, repeated, reordered and misdirected messages do no harm. */
  step(message: Message): void {
    if (message.to !== this.#core.id) return;
    if (isRequestToLeader(message)) this.#behaviour.step(message);
    else if (message.term < this.#core.term) answerOldTerm(this.#core, message);
    else if (message.term === this.#core.term || this.#enterNewTerm(message)) this.#stepInTerm(message);
  }

  /** The batch is taken whole or not at all. A follower forwards it to its leader. */
  propose(data: readonly Uint8Array[]): ProposeResult {
    return this.#behaviour.propose(data);
  }

  /** A change of the membership: it waits with the leader until the one before it is applied there. */
  proposeMembership(data: Uint8Array): ProposeResult {
    return this.#behaviour.proposeMembership(data);
  }

  /** Each context asked comes back once, in a Ready's `reads` or `readsLost`. */
  readIndex(context: number): void {
    this.#behaviour.readIndex(context);
  }

  /** A follower passes it on to its leader. Proposals are refused meanwhile; given up after an election timeout. */
  transferLeadership(to: MemberId): void {
    this.#behaviour.transferLeadership(to);
  }

  /** Without waiting for the election timeout; with a pre-vote all the same. */
  campaign(): void {
    if (this.#leading === undefined && this.#core.mayCampaign) this.#campaign('pre-vote', false);
  }

  hasReady(): boolean {
    const { log, outbox, commit } = this.#core;
    return (
      !outbox.isEmpty ||
      log.hasTail ||
      log.hasSnapshot ||
      this.#leading?.hasWork === true ||
      this.#core.termOrVoteChanged ||
      this.#applying.hasNext(commit)
    );
  }

  takeReady(): Ready {
    this.#leading?.flush();
    const { log, outbox, commit } = this.#core;
    const snapshot = log.takeSnapshot();
    const entries = log.takeTail();
    const hardState = this.#core.takeHardState(snapshot !== undefined || entries.length > 0);
    return {
      hardState,
      snapshot,
      entries,
      messages: outbox.takeMessages(),
      afterDurable: outbox.takeAfterDurable(),
      committed: this.#applying.next(commit),
      reads: outbox.takeReads(),
      readsLost: outbox.takeReadsLost(),
    };
  }

  /** The entries of a Ready, which ended with this one, are durable, and so is everything taken before them. */
  durable(index: Index, term: Term): void {
    this.#core.log.durable(index, term);
    this.#leading?.durable();
  }

  /** The state holds everything up to `index`. */
  applied(index: Index): void {
    this.#applying.applied(index);
    this.#core.applied = this.#applying.appliedIndex;
  }

  /** The snapshot of a Ready has replaced the log and the state, durably. */
  snapshotInstalled(mark: SnapshotMark): void {
    const installing = this.#core.log.installing?.index;
    assert(installing === mark.index, `snapshot ${mark.index} installed instead of ${installing}`);
    this.#core.log.installed(mark);
    this.#applying.restart(mark.index);
    this.#core.applied = mark.index;
  }

  /** Messages to it were lost: whatever was in flight is to be found out again. */
  reportUnreachable(id: MemberId): void {
    this.#leading?.reportUnreachable(id);
  }

  /** How it went with the bytes of a snapshot: the follower has them whole, or refused or never got them. */
  reportSnapshot(id: MemberId, outcome: 'sent' | 'failed'): void {
    this.#leading?.reportSnapshot(id, outcome === 'sent');
  }

  /** As applied from the log, to be told before `applied`. A leader that is no voter any more hands over. */
  setMembership(membership: Membership): void {
    this.#core.setMembership(membership);
    this.#leading?.membershipChanged();
  }

  status(): RaftStatus {
    const { term, leader, commit, log, membership } = this.#core;
    return {
      role: this.#behaviour.role,
      term,
      leader,
      commit,
      applied: this.#core.applied,
      lastIndex: log.lastIndex(),
      membership,
      progress: this.#leading?.progress() ?? noProgress,
      transferee: this.#leading?.transferee ?? noMember,
    };
  }

  /** False: the message is to be ignored. */
  #enterNewTerm(message: Message): boolean {
    const { kind, term, from } = message;
    const isRequest = kind === 'vote' || kind === 'pre-vote';
    // A member that still hears its leader does not help to depose it (thesis 4.2.3).
    if (isRequest && !message.transfer && this.#core.inLease) return false;
    // A pre-vote, asked or granted, speaks of a term that may never come.
    if (kind === 'pre-vote' || (kind === 'pre-vote-reply' && !message.rejected)) return true;
    this.#follow(term, isFromLeader(message) ? from : noMember);
    return true;
  }

  #stepInTerm(message: Message): void {
    if (isFromLeader(message) && this.#behaviour.role !== 'follower') {
      assert(this.#leading === undefined, `two leaders in term ${message.term}`);
      this.#follow(message.term, message.from);
    }
    if (message.kind === 'vote-reply' || message.kind === 'pre-vote-reply') {
      // Between two members of whom one was removed, only the one who left may know: README.md.
      this.#core.learnCommit(message.commit, message.commitTerm);
    }
    if (message.kind === 'vote' || message.kind === 'pre-vote') answerVote(this.#core, message);
    else this.#behaviour.step(message);
  }

  #follow(term: Term, leader: MemberId): void {
    this.#behaviour.leave();
    if (term > this.#core.term) this.#core.enterTerm(term, noMember);
    this.#core.leader = leader;
    this.#core.timer.redraw();
    this.#enter(new Follower(this.#core, this.#transitions, this.#forwardedReads));
  }

  #campaign(ballot: 'pre-vote' | 'vote', transfer: boolean): void {
    this.#behaviour.leave();
    if (ballot === 'vote') this.#core.enterTerm(termOf(this.#core.term + 1), this.#core.id);
    this.#core.leader = noMember;
    this.#core.timer.redraw();
    const candidate = new Candidate(this.#core, this.#transitions, ballot);
    this.#enter(candidate);
    candidate.start(transfer);
  }

  #lead(electedAlone: boolean): void {
    this.#behaviour.leave();
    this.#core.leader = this.#core.id;
    this.#core.timer.redraw();
    const leader = new Leader(this.#core, this.#transitions, electedAlone);
    this.#enter(leader);
    this.#leading = leader;
  }

  #enter(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
    this.#leading = undefined;
  }
}

/** These carry no term: what they ask for is right in any. */
const isRequestToLeader = ({ kind }: Message): boolean =>
  kind === 'propose' || kind === 'propose-membership' || kind === 'read-index' || kind === 'transfer-leader';

/** Not a snapshot: it holds only what is committed, whoever sends it, and may be long on its way. */
const isFromLeader = ({ kind }: Message): boolean => kind === 'append' || kind === 'commit' || kind === 'heartbeat';
