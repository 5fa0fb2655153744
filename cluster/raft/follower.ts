import { type Index, index, type MemberId, noMember, term } from '../numbers.js';
import type { Behaviour, Core, ProposeResult, Transitions } from './core.js';
import type { ForwardedReads } from './forwarded-reads.js';
import type { Entry, Message, SnapshotMark } from './types.js';

type Append = Extract<Message, { kind: 'append' }>;
type Commit = Extract<Message, { kind: 'commit' }>;
type Heartbeat = Extract<Message, { kind: 'heartbeat' }>;
type Snapshot = Extract<Message, { kind: 'snapshot' }>;
type ReadReply = Extract<Message, { kind: 'read-index-reply' }>;

/** Follows the leader's log, and passes on to it what only a leader can do. */
export class Follower implements Behaviour {
  readonly role = 'follower';
  readonly #core: Core;
  readonly #transitions: Transitions;
  readonly #reads: ForwardedReads;

  constructor(core: Core, transitions: Transitions, reads: ForwardedReads) {
    this.#core = core;
    this.#transitions = transitions;
    this.#reads = reads;
  }

  tick(): void {
    for (const context of this.#reads.tick()) this.#core.outbox.loseRead(context);
    this.#core.timer.tick();
    if (this.#core.timer.expired && this.#core.mayCampaign) this.#transitions.campaign('pre-vote', false);
  }

  step(message: Message): void {
    switch (message.kind) {
      case 'append':
        this.#hear(message.from);
        this.#append(message);
        break;
      case 'commit':
        this.#hear(message.from);
        this.#commit(message);
        break;
      case 'heartbeat':
        this.#hear(message.from);
        this.#heartbeat(message);
        break;
      case 'snapshot':
        this.#snapshot(message);
        break;
      case 'timeout-now':
        this.#timeoutNow(message.from);
        break;
      case 'read-index-reply':
        this.#readReply(message);
        break;
      case 'transfer-leader':
        this.transferLeadership(message.transferee);
        break;
      default:
      // A reply to an earlier role of ours, or work for a leader that we no longer are: its sender asks again.
    }
  }

  propose(data: readonly Uint8Array[]): ProposeResult {
    const { id, leader, outbox } = this.#core;
    if (leader === noMember) return 'no-leader';
    outbox.send({ kind: 'propose', from: id, to: leader, term: term(0), data });
    return 'forwarded';
  }

  proposeMembership(data: Uint8Array): ProposeResult {
    const { id, leader, outbox } = this.#core;
    if (leader === noMember) return 'no-leader';
    outbox.send({ kind: 'propose-membership', from: id, to: leader, term: term(0), data });
    return 'forwarded';
  }

  readIndex(context: number): void {
    const { id, leader, outbox } = this.#core;
    if (leader === noMember) outbox.loseRead(context);
    else outbox.send({ kind: 'read-index', from: id, to: leader, term: term(0), context: this.#reads.add(context) });
  }

  transferLeadership(transferee: MemberId): void {
    const { id, leader, outbox } = this.#core;
    if (leader === noMember) return;
    outbox.send({ kind: 'transfer-leader', from: id, to: leader, term: term(0), transferee });
  }

  leave(): void {
    for (const context of this.#reads.drain()) this.#core.outbox.loseRead(context);
  }

  #hear(leader: MemberId): void {
    this.#core.leader = leader;
    this.#core.timer.restart();
  }

  #append(message: Append): void {
    const { log, commit, isBlank } = this.#core;
    // The log that a snapshot replaces takes nothing more; the leader probes again.
    if (log.installing !== undefined) return;
    if (message.prevIndex < commit) this.#acknowledge(message.from, commit);
    else if (!isBlank && log.term(message.prevIndex) === message.prevTerm) this.#accept(message);
    else this.#refuse(message);
  }

  #accept({ from, prevIndex, entries, commit }: Append): void {
    const last = index(prevIndex + entries.length);
    this.#store(entries);
    this.#core.commitTo(index(Math.min(commit, last)));
    this.#acknowledge(from, last);
  }

  /** Whoever has that very entry has all before it as the leader has them (Raft §5.3, log matching). */
  #commit({ lastIndex, lastTerm }: Commit): void {
    if (this.#core.log.term(lastIndex) === lastTerm) this.#core.commitTo(lastIndex);
  }

  /** Only from the first conflict on: a late, shorter append must not cut off what came after it (Raft figure 2). */
  #store(entries: readonly Entry[]): void {
    const { log } = this.#core;
    const conflict = entries.findIndex((entry) => log.term(entry.index) !== entry.term);
    if (conflict >= 0) log.replaceFrom(conflict === 0 ? entries : entries.slice(conflict));
  }

  #acknowledge(to: MemberId, last: Index): void {
    const { id: from, term: current, outbox } = this.#core;
    const hints = { hintIndex: index(0), hintTerm: term(0) };
    outbox.sendAfterDurable({ kind: 'append-reply', from, to, term: current, rejected: false, index: last, ...hints });
  }

  #refuse({ from: to, prevIndex, prevTerm }: Append): void {
    const { id: from, term: current, log, outbox } = this.#core;
    const hintIndex = log.lastNotAfter(index(Math.min(prevIndex, log.lastIndex())), prevTerm);
    const hintTerm = log.term(hintIndex) ?? term(0);
    outbox.send({
      kind: 'append-reply',
      from,
      to,
      term: current,
      rejected: true,
      index: prevIndex,
      hintIndex,
      hintTerm,
    });
  }

  /** Leaves at once: it promises nothing about the log, and a new term leaves this member only when it is durable. */
  #heartbeat({ from: to, commit, context }: Heartbeat): void {
    this.#core.commitTo(commit);
    const { id: from, term: current, outbox } = this.#core;
    outbox.send({ kind: 'heartbeat-reply', from, to, term: current, context });
  }

  #snapshot({ from, mark }: Snapshot): void {
    const { log, commit } = this.#core;
    if (log.installing !== undefined) return;
    if (mark.index > commit) this.#reach(mark);
    this.#acknowledge(from, this.#core.commit);
  }

  /** Without the snapshot when the log has what it stands for. */
  #reach(mark: SnapshotMark): void {
    const { log } = this.#core;
    if (log.term(mark.index) !== mark.term) {
      log.install(mark);
      this.#core.setMembership(mark.membership);
    }
    this.#core.commitTo(mark.index);
  }

  #timeoutNow(from: MemberId): void {
    if (from === this.#core.leader && this.#core.mayCampaign) this.#transitions.campaign('vote', true);
  }

  #readReply({ context: asked, index: at }: ReadReply): void {
    const context = this.#reads.answer(asked);
    if (context !== undefined) this.#core.outbox.grantRead(context, at);
  }
}
