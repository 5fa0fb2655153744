import { strict as assert } from 'node:assert';
import { type Index, index, type MemberId, type Term } from '../numbers.js';
import type { Core } from './core.js';
import { Progress } from './progress.js';
import type { Entry, Message } from './types.js';

type AppendReply = Extract<Message, { kind: 'append-reply' }>;

/** Brings the followers' logs to the leader's, and finds what is committed. */
export class Replication {
  readonly progress = new Map<MemberId, Progress>();
  readonly #core: Core;
  /** Nothing of this term leaves before this index is durable. */
  readonly #holdUntil: Index;
  readonly #matchOf = (id: MemberId): number =>
    id === this.#core.id ? this.#core.log.durableIndex : (this.progress.get(id)?.match ?? 0);

  /**
   * A leader whose own vote was enough has told nobody of its term. Were its appends to leave before the vote is durable,
   * a crash could make it lead the same term twice, with other entries.
   */
  constructor(core: Core, electedAlone: boolean) {
    this.#core = core;
    this.#holdUntil = electedAlone ? index(core.log.lastIndex() + 1) : index(0);
    this.reconcile();
  }

  /** Follows a change of the membership. */
  reconcile(): void {
    const { voters, outgoing, learners } = this.#core.membership;
    const members = new Set([...voters, ...outgoing, ...learners]);
    members.delete(this.#core.id);
    for (const id of this.progress.keys()) if (!members.has(id)) this.progress.delete(id);
    const next = index(this.#core.log.lastIndex() + 1);
    for (const id of members) if (!this.progress.has(id)) this.progress.set(id, this.#start(next));
  }

  isDue(): boolean {
    for (const progress of this.progress.values()) if (this.#isBehind(progress) || this.#hasNews(progress)) return true;
    return false;
  }

  /** Sends whatever the followers are due: entries, or news of the commit index. */
  sendAppends(): void {
    for (const [id, progress] of this.progress) {
      while (this.#isBehind(progress)) this.#sendAppend(id, progress);
      if (this.#hasNews(progress)) this.#sendCommit(id, progress);
    }
  }

  /** `round` 0: no read rides on it. The commit index goes no further than what the follower surely has. */
  sendHeartbeats(round: number): void {
    const { id: from, term, commit } = this.#core;
    for (const [to, progress] of this.progress) {
      const told = index(Math.min(progress.match, commit));
      progress.commitTold = index(Math.max(progress.commitTold, told));
      this.#send({ kind: 'heartbeat', from, to, term, commit: told, context: round });
    }
  }

  appendReply(progress: Progress, reply: AppendReply): void {
    const { log } = this.#core;
    if (reply.rejected) {
      // Not even the beginning: it has joined, and needs the state before it can follow the log.
      if (reply.index === 0 && progress.isProbing && progress.next === 1) {
        this.#sendSnapshot(reply.from, progress);
        return;
      }
      const hint = log.lastNotAfter(index(Math.min(reply.hintIndex, log.lastIndex())), reply.hintTerm);
      if (progress.rejected(reply.index, hint)) progress.commitTold = index(0);
      return;
    }
    assert(reply.index <= log.lastIndex(), `${reply.index} acknowledged, beyond the leader's end ${log.lastIndex()}`);
    progress.accepted(reply.index, log.firstIndex());
  }

  /** Only entries of this term are committed by counting; those before them are committed with them (Raft §5.4.2, figure 8). */
  advanceCommit(): boolean {
    const reached = index(this.#core.quorum.reached(this.#matchOf));
    if (reached <= this.#core.commit || this.#core.log.term(reached) !== this.#core.term) return false;
    return this.#core.commitTo(reached);
  }

  /** The voter, other than this member, whose log goes furthest. */
  mostAdvanced(): MemberId | undefined {
    const voters = [...this.progress].filter(([id]) => this.#core.membership.voters.includes(id));
    return voters.sort(([, a], [, b]) => b.match - a.match)[0]?.[0];
  }

  /** Whether a quorum has answered since the last time asked. */
  takeQuorumActive(): boolean {
    const active = this.#core.quorum.holds(
      (id) => id === this.#core.id || this.progress.get(id)?.recentlyActive === true,
    );
    for (const progress of this.progress.values()) progress.recentlyActive = false;
    return active;
  }

  #start(next: Index): Progress {
    const progress = new Progress(next, this.#core.options.inFlightMax);
    // Whoever is new gets the time of one check before it counts as silent.
    progress.recentlyActive = true;
    return progress;
  }

  /** Entries are to be sent, or it is to be found out whether the logs agree. */
  #isBehind(progress: Progress): boolean {
    if (!progress.mayAppend) return false;
    return progress.suspect || progress.isProbing || progress.next <= this.#core.log.lastIndex();
  }

  /** What it has been sent is committed further than it knows. */
  #hasNews(progress: Progress): boolean {
    return progress.state === 'replicate' && progress.commitTold < Math.min(this.#core.commit, progress.next - 1);
  }

  #sendCommit(to: MemberId, progress: Progress): void {
    const { id: from, term, commit, log } = this.#core;
    const lastIndex = index(Math.min(commit, progress.next - 1));
    const lastTerm = log.term(lastIndex);
    progress.commitTold = lastIndex;
    // Else it lags behind what is compacted here: a heartbeat or a snapshot will tell.
    if (lastTerm !== undefined) this.#send({ kind: 'commit', from, to, term, lastIndex, lastTerm });
  }

  #sendAppend(to: MemberId, progress: Progress): void {
    const { log, options } = this.#core;
    const prevIndex = index(progress.next - 1);
    const prevTerm = log.term(prevIndex);
    const entries = log.entries(progress.next, index(log.lastIndex() + 1), options.appendBytesMax);
    if (prevTerm === undefined || entries === undefined) this.#sendSnapshot(to, progress);
    else this.#sendEntries(to, progress, prevIndex, prevTerm, entries);
  }

  #sendEntries(to: MemberId, progress: Progress, prevIndex: Index, prevTerm: Term, entries: readonly Entry[]): void {
    const { id: from, term, commit } = this.#core;
    const last = index(prevIndex + entries.length);
    progress.appended(last, bytesOf(entries));
    progress.commitTold = index(Math.max(progress.commitTold, Math.min(commit, last)));
    this.#send({ kind: 'append', from, to, term, prevIndex, prevTerm, entries, commit });
  }

  #sendSnapshot(to: MemberId, progress: Progress): void {
    const { id: from, term, log } = this.#core;
    const mark = log.mark();
    progress.snapshotStarted(mark.index);
    this.#send({ kind: 'snapshot', from, to, term, mark });
  }

  #send(message: Message): void {
    const { log, outbox } = this.#core;
    if (log.durableIndex < this.#holdUntil) outbox.sendAfterDurable(message);
    else outbox.send(message);
  }
}

export function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.data.length;
  return bytes;
}
