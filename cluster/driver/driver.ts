import type { Cancel } from '../clock.js';
import { ClusterError } from '../errors.js';
import { type Index, type MemberId, noMember } from '../numbers.js';
import type { Entry, Message, RaftStatus, Ready, SnapshotMark } from '../raft/types.js';
import { OccasionalLog } from '../transport/occasional-log.js';
import { Backlog } from './backlog.js';
import { install } from './installation.js';
import type { DriverOptions, DriverParts, Proposal, Standing } from './parts.js';
import { StateCommits } from './state-commits.js';
import { Turns } from './turns.js';

const lateHeartbeat =
  'leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk';

/**
 * The one loop that owns the raft. Whatever arrives (messages, proposals, reads, ticks, finished writes) is put aside and
 * taken in one turn, so that a burst becomes one batch: one append, one write a peer, one sync.
 */
export class Driver {
  readonly #parts: DriverParts;
  readonly #options: DriverOptions;
  readonly #commits: StateCommits;
  readonly #backlog: Backlog;
  readonly #log: OccasionalLog;
  readonly #turns: Turns;
  readonly #cancels: Cancel[] = [];
  #inbox: Message[] = [];
  #ticks = 0;
  #writesUnderWay = 0;
  #lastWrite: Promise<void> = Promise.resolve();
  #installing = false;
  #stopped = false;
  #failed = false;
  #standing: Standing;
  #lastTickAt: number;

  constructor(parts: DriverParts, options: DriverOptions) {
    this.#parts = parts;
    this.#options = options;
    const { snapshots } = parts;
    this.#backlog = new Backlog(parts);
    this.#commits = new StateCommits(
      {
        ...parts,
        copiesUnderWay: () => snapshots.underWay > 0,
        onFailure: (error) => this.fail(error),
      },
      options,
    );
    this.#turns = new Turns(parts.clock, () => this.#takeTurn());
    this.#standing = standingOf(parts.raft);
    this.#lastTickAt = parts.clock.now();
    this.#log = new OccasionalLog(parts.logger, 10_000, () => parts.clock.now());
  }

  get standing(): Standing {
    return this.#standing;
  }

  get commitIndex(): Index {
    return this.#parts.raft.commit;
  }

  status(): RaftStatus {
    return this.#parts.raft.status();
  }

  start(): void {
    const { raft, network, clock, snapshots } = this.#parts;
    network.onMessages((messages) => this.#receive(messages));
    network.onUnreachable((id) => {
      raft.reportUnreachable(id);
      this.#turns.wake();
    });
    network.onSnapshot(async (from, mark, file) => {
      if (this.#stopped) throw new ClusterError('stopped', 'this member is stopping');
      await snapshots.keep(mark, file);
      this.#receive([{ kind: 'snapshot', from, to: raft.id, term: raft.term, mark }]);
    });
    const tick = () => {
      this.#noticeLateTick();
      // Time stands still during an installation: nothing that was heard meanwhile has been taken in either.
      if (!this.#installing) this.#ticks += 1;
      this.#turns.wake();
    };
    this.#cancels.push(
      clock.every(this.#options.tickMs, tick),
      clock.every(this.#options.commitMs, () => this.#commitState()),
    );
    this.#turns.wake();
  }

  /** A leader whose loop stood still sends its heartbeats late, and may lose its followers. */
  #noticeLateTick(): void {
    const { clock, measures, raft } = this.#parts;
    const now = clock.now();
    const sinceLastMs = now - this.#lastTickAt;
    this.#lastTickAt = now;
    if (sinceLastMs <= 2 * this.#options.tickMs || this.#standing.role !== 'leader') return;
    measures.lateHeartbeats += 1;
    const { tickMs } = this.#options;
    const fields = {
      'local-member-id': raft.id,
      'heartbeat-interval': `${tickMs}ms`,
      'expected-duration': `${2 * tickMs}ms`,
      'exceeded-duration': `${Math.round(sinceLastMs - 2 * tickMs)}ms`,
    };
    this.#log.warn(lateHeartbeat, fields, lateHeartbeat);
  }

  /** Queues until the next turn in which the log is free and a leader is known. */
  propose(proposal: Proposal): void {
    this.#backlog.add(proposal);
    this.#turns.wake();
  }

  /** To be called once a read has begun to wait. */
  readWaits(): void {
    this.#turns.wake();
  }

  campaign(): void {
    this.#parts.raft.campaign();
    this.#turns.wake();
  }

  transferLeadership(to: MemberId): void {
    this.#parts.raft.transferLeadership(to);
    this.#turns.wake();
  }

  /** Takes nothing more, finishes what is being written and, unless the disk has failed, makes the state durable. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#lastWrite;
    await this.#commits.idle();
    if (!this.#failed) await this.#parts.machine.commit();
  }

  #halt(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  #receive(messages: readonly Message[]): void {
    const room = Math.max(0, this.#options.inboxMax - this.#inbox.length);
    this.#inbox.push(...(messages.length > room ? messages.slice(0, room) : messages));
    this.#turns.wake();
  }

  #takeTurn(): void {
    if (this.#stopped || this.#installing) return;
    try {
      this.#turn();
    } catch (error) {
      this.fail(error);
    }
  }

  #turn(): void {
    const { raft, reads, machine } = this.#parts;
    this.#feedRaft();
    while (!this.#installing && raft.hasReady()) this.#handle(raft.takeReady());
    reads.applied(machine.appliedIndex);
    if (machine.pendingBytes > this.#options.pendingBytesMax) this.#commitState();
    this.#noticeStanding();
  }

  #feedRaft(): void {
    const { raft } = this.#parts;
    for (; this.#ticks > 0; this.#ticks -= 1) raft.tick();
    const messages = this.#inbox;
    this.#inbox = [];
    for (const message of messages) raft.step(message);
    // While a leader syncs its log, proposals gather: fewer, larger appends (about 1.1 x the throughput).
    this.#backlog.feed(this.#writesUnderWay === 0 || this.#standing.role !== 'leader');
    this.#feedReads();
  }

  #feedReads(): void {
    const { raft, reads, clock } = this.#parts;
    if (raft.leader === noMember) return;
    const context = reads.ask(clock.now());
    if (context !== undefined) raft.readIndex(context);
  }

  /** Messages first, then the write, then what is to be applied: peers and disk work while this member applies. */
  #handle(ready: Ready): void {
    const { raft, reads } = this.#parts;
    this.#send(ready.messages);
    if (ready.snapshot === undefined) this.#persist(ready);
    else this.#install(ready, ready.snapshot);
    if (ready.committed.length > 0) this.#apply(ready.committed);
    const last = ready.committed.at(-1);
    if (last !== undefined) raft.applied(last.index);
    reads.granted(ready.reads);
    reads.lost(ready.readsLost);
  }

  #apply(entries: readonly Entry[]): void {
    const { raft, machine, clock, onSlowApply } = this.#parts;
    let began = clock.now();
    for (const entry of entries) {
      machine.apply(entry);
      if (entry.kind === 'membership') raft.setMembership(machine.membership);
      const ended = clock.now();
      if (ended - began > this.#options.slowApplyMs) onSlowApply(entry, ended - began);
      began = ended;
    }
  }

  #send(messages: readonly Message[]): void {
    const leaving = messages.filter(({ kind }) => kind !== 'snapshot');
    if (leaving.length > 0) this.#parts.network.send(leaving);
    for (const { kind, to } of messages) if (kind === 'snapshot') this.#sendSnapshot(to);
  }

  #persist({ entries, hardState, afterDurable }: Ready): void {
    const { log, raft, network } = this.#parts;
    const last = entries.at(-1);
    const writes = last !== undefined || hardState !== undefined;
    if (!writes && afterDurable.length === 0) return;
    if (!writes && this.#writesUnderWay === 0) {
      network.send(afterDurable);
      return;
    }
    // A batch without a write of its own still waits for those before it: what it promises may rest on them.
    const write = writes ? log.append(entries, hardState) : this.#lastWrite;
    this.#writesUnderWay += 1;
    const done = () => {
      this.#writesUnderWay -= 1;
      if (this.#stopped) return;
      if (afterDurable.length > 0) network.send(afterDurable);
      if (last !== undefined) raft.durable(last.index, last.term);
      this.#turns.wake();
    };
    this.#lastWrite = write.then(done).catch((error: unknown) => this.fail(error));
  }

  #sendSnapshot(to: MemberId): void {
    const { raft, network, snapshots, logger } = this.#parts;
    const report = (result: 'sent' | 'failed') => {
      raft.reportSnapshot(to, result);
      this.#turns.wake();
    };
    logger.info('sending a snapshot', { to });
    snapshots.send(to, network).then(
      () => {
        logger.info('sent a snapshot', { to });
        report('sent');
      },
      (error: unknown) => {
        logger.warn('a snapshot did not reach its follower', { to, error });
        report('failed');
      },
    );
  }

  #install(ready: Ready, mark: SnapshotMark): void {
    this.#installing = true;
    const writesBefore = this.#lastWrite;
    const underWay = async () => {
      await writesBefore;
      await this.#commits.idle();
    };
    const done = (isInstalled: boolean) => {
      if (!isInstalled) return;
      this.#installing = false;
      this.#turns.wake();
    };
    this.#lastWrite = install(this.#parts, ready, mark, underWay, () => this.#stopped)
      .then(done)
      .catch((error: unknown) => this.fail(error));
  }

  #commitState(): void {
    if (!this.#installing) this.#commits.start();
  }

  #noticeStanding(): void {
    const { raft, onStanding } = this.#parts;
    const { role, term, leader } = this.#standing;
    if (raft.role === role && raft.term === term && raft.leader === leader) return;
    this.#standing = standingOf(raft);
    onStanding(this.#standing);
  }

  /** To be told of what this member can't go on after, wherever it came up. */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    if (this.#stopped) return;
    this.#halt();
    this.#parts.onFailure(
      error instanceof ClusterError
        ? error
        : new ClusterError(
            'store-damaged',
            `this member can't go on: ${error instanceof Error ? error.message : error}`,
            {},
            { cause: error },
          ),
    );
  }
}

const standingOf = ({ role, term, leader }: Standing): Standing => ({ role, term, leader });
