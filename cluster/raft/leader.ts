import { type Index, index, type MemberId, noMember } from '../numbers.js';
import { Changes } from './changes.js';
import type { Behaviour, Core, ProposeResult, Transitions } from './core.js';
import type { Progress } from './progress.js';
import { Reads } from './reads.js';
import { Replication } from './replication.js';
import { Transfer } from './transfer.js';
import type { EntryKind, FollowerProgress, Message } from './types.js';
import { Window } from './window.js';

const uncommittedBytesMaxDefault = 64 * 1024 * 1024;
const noData = new Uint8Array();

/**
 * Takes proposals and reads. What it does is noted as it comes and goes out with `flush`, when a Ready is taken: proposals,
 * commit news and reads of one turn share their messages.
 */
export class Leader implements Behaviour {
  readonly role = 'leader';
  readonly #core: Core;
  readonly #transitions: Transitions;
  readonly #replication: Replication;
  readonly #reads = new Reads();
  readonly #transfer: Transfer;
  readonly #uncommitted = new Window();
  readonly #uncommittedBytesMax: number;
  readonly #changes: Changes;
  readonly #roundOf = (id: MemberId): number =>
    id === this.#core.id ? this.#reads.round : (this.#replication.progress.get(id)?.readRound ?? 0);
  #heartbeatElapsed = 0;

  constructor(core: Core, transitions: Transitions, electedAlone: boolean) {
    this.#core = core;
    this.#transitions = transitions;
    this.#replication = new Replication(core, electedAlone);
    this.#transfer = new Transfer(core.options.electionTicks);
    this.#uncommittedBytesMax = core.options.uncommittedBytesMax ?? uncommittedBytesMaxDefault;
    // Raft §8: an entry of its own term tells a leader what is committed.
    this.#append('empty', [noData], 0);
    this.#changes = new Changes(core.log.lastIndex());
  }

  /** Whether `flush` would send something. */
  get hasWork(): boolean {
    return this.#mayStartReads || this.#isCallDue || this.#isChangeDue || this.#replication.isDue();
  }

  get transferee(): MemberId {
    return this.#transfer.transferee;
  }

  progress(): ReadonlyMap<MemberId, FollowerProgress> {
    return new Map(Array.from(this.#replication.progress, ([id, progress]) => [id, progress.view()]));
  }

  tick(): void {
    this.#transfer.tick();
    this.#handOver();
    this.#heartbeatElapsed += 1;
    if (this.#heartbeatElapsed >= this.#core.options.heartbeatTicks) this.#heartbeat();
    this.#core.timer.tick();
    if (this.#core.timer.leaseExpired) this.#checkQuorum();
  }

  step(message: Message): void {
    switch (message.kind) {
      case 'propose':
        this.propose(message.data);
        break;
      case 'propose-membership':
        this.proposeMembership(message.data);
        break;
      case 'read-index':
        this.#reads.ask(message);
        break;
      case 'transfer-leader':
        this.transferLeadership(message.transferee);
        break;
      case 'append-reply':
      case 'heartbeat-reply':
        this.#reply(message);
        break;
      default:
      // Late replies to the campaign.
    }
  }

  propose(data: readonly Uint8Array[]): ProposeResult {
    if (this.#transfer.isUnderWay) return 'transferring';
    let bytes = 0;
    for (const one of data) bytes += one.length;
    const held = this.#uncommitted.bytes;
    if (held > 0 && held + bytes > this.#uncommittedBytesMax) return 'full';
    this.#append('command', data, bytes);
    return 'accepted';
  }

  proposeMembership(data: Uint8Array): ProposeResult {
    if (this.#transfer.isUnderWay) return 'transferring';
    return this.#changes.add(data) ? 'accepted' : 'full';
  }

  readIndex(context: number): void {
    if (!this.#reads.ask({ from: this.#core.id, context })) this.#core.outbox.loseRead(context);
  }

  transferLeadership(to: MemberId): void {
    if (to !== this.#core.id && this.#core.quorum.includes(to)) this.#transfer.begin(to);
  }

  reportUnreachable(id: MemberId): void {
    this.#replication.progress.get(id)?.unreachable();
  }

  reportSnapshot(id: MemberId, arrived: boolean): void {
    this.#replication.progress.get(id)?.snapshotEnded(arrived);
  }

  /** The leader counts its own log for a commit as far as it is durable, like everybody else's. */
  durable(): void {
    this.#advanceCommit();
  }

  membershipChanged(): void {
    this.#reconcile();
    this.#handOver();
  }

  flush(): void {
    if (this.#isChangeDue) this.#appendChange();
    if (this.#mayStartReads) this.#startReadRound();
    this.#replication.sendAppends();
    if (this.#isCallDue) this.#callTransferee();
  }

  /** Members that asked us notice on their own that we no longer lead. */
  leave(): void {
    for (const { from, context } of this.#reads.waiting()) {
      if (from === this.#core.id) this.#core.outbox.loseRead(context);
    }
  }

  /** Before an entry of its own term is committed a leader does not know what is (thesis 6.4). */
  get #mayStartReads(): boolean {
    return this.#reads.hasOpen && this.#core.log.term(this.#core.commit) === this.#core.term;
  }

  #append(kind: EntryKind, data: readonly Uint8Array[], bytes: number): void {
    const { log, term } = this.#core;
    let at = log.lastIndex();
    for (const one of data) {
      at = index(at + 1);
      log.push({ index: at, term, kind, data: one });
    }
    this.#uncommitted.open(at, bytes);
  }

  get #isChangeDue(): boolean {
    const isJoint = this.#core.membership.outgoing.length > 0;
    return this.#changes.isDue(this.#core.applied) && !isJoint && !this.#transfer.isUnderWay;
  }

  #appendChange(): void {
    const change = this.#changes.take();
    this.#append('membership', [change], change.length);
    this.#changes.appended(this.#core.log.lastIndex());
  }

  /**
   * A leader that was removed goes on, without counting itself, until one of those who stay has taken over. Were it to step
   * down at once they might be too few to elect one: who has not heard that the removal is committed asks it for its vote.
   */
  #handOver(): void {
    if (this.#core.quorum.includes(this.#core.id) || this.#transfer.isUnderWay) return;
    const successor = this.#replication.mostAdvanced();
    if (successor !== undefined) this.#transfer.begin(successor);
  }

  #heartbeat(): void {
    this.#heartbeatElapsed = 0;
    this.#replication.sendHeartbeats(this.#reads.round);
  }

  #reconcile(): void {
    this.#replication.reconcile();
    if (!this.#core.quorum.includes(this.#transfer.transferee)) this.#transfer.abort();
    this.#advanceCommit();
  }

  /** A leader without a quorum steps down, so that its clients look for another (thesis 6.2). */
  #checkQuorum(): void {
    this.#core.timer.restart();
    if (!this.#replication.takeQuorumActive()) this.#transitions.follow(this.#core.term, noMember);
  }

  #reply(message: Extract<Message, { kind: 'append-reply' | 'heartbeat-reply' }>): void {
    const progress = this.#replication.progress.get(message.from);
    if (progress === undefined) return;
    progress.recentlyActive = true;
    if (message.kind === 'append-reply') {
      this.#replication.appendReply(progress, message);
      this.#advanceCommit();
    } else {
      progress.answeredHeartbeat(this.#core.log.lastIndex());
      this.#confirmReads(progress, message.context);
    }
    if (message.from === this.#transfer.transferee) this.#transfer.heard();
  }

  get #isCallDue(): boolean {
    const match = this.#replication.progress.get(this.#transfer.transferee)?.match;
    return this.#transfer.isCallDue(match, this.#core.log.lastIndex());
  }

  #callTransferee(): void {
    const { id: from, term, outbox } = this.#core;
    this.#transfer.called();
    outbox.send({ kind: 'timeout-now', from, to: this.#transfer.transferee, term });
  }

  #advanceCommit(): void {
    if (this.#replication.advanceCommit()) this.#uncommitted.release(this.#core.commit);
  }

  #startReadRound(): void {
    this.#reads.start(this.#core.commit);
    this.#heartbeat();
    this.#grantReads();
  }

  #confirmReads(progress: Progress, round: number): void {
    if (round <= progress.readRound) return;
    progress.readRound = round;
    this.#grantReads();
  }

  #grantReads(): void {
    const confirmed = this.#core.quorum.reached(this.#roundOf);
    for (const { index: at, reads } of this.#reads.confirm(confirmed)) {
      for (const { from, context } of reads) this.#grant(from, context, at);
    }
  }

  #grant(to: MemberId, context: number, at: Index): void {
    const { id: from, term, outbox } = this.#core;
    if (to === from) outbox.grantRead(context, at);
    else outbox.send({ kind: 'read-index-reply', from, to, term, context, index: at });
  }
}
