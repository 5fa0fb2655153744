import { type Index, index, type MemberId, noMember, term } from '../../../cluster/numbers.js';
import { Raft } from '../../../cluster/raft/raft.js';
import type {
  Entry,
  HardState,
  Membership,
  Message,
  ReadGrant,
  Ready,
  SnapshotMark,
} from '../../../cluster/raft/types.js';
import type { MemoryLog } from './memory-log.js';

export interface SimulatedOptions {
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly random: () => number;
  readonly appendBytesMax: number;
  readonly inFlightMax: number;
  readonly uncommittedBytesMax?: number;
  readonly unappliedBytesMax?: number;
}

/** What outlives a crash. */
interface Disk {
  log: MemoryLog;
  hardState: HardState;
}

/** A driver in miniature: a raft, a disk that finishes writes when told to, and a state that is the list of applied entries. */
export class SimulatedMember {
  readonly id: MemberId;
  readonly state: Entry[] = [];
  raft: Raft;
  /** What raft sees; the disk follows as writes finish. */
  log: MemoryLog;
  up = true;
  readonly #options: SimulatedOptions;
  readonly #disk: Disk;
  readonly #send: (message: Message) => void;
  #membership: Membership;
  #writes: Ready[] = [];
  #incoming: readonly Entry[] = [];
  #reads: ReadGrant[] = [];
  #readsLost: number[] = [];

  constructor(
    id: MemberId,
    membership: Membership,
    options: SimulatedOptions,
    send: (message: Message) => void,
    log: MemoryLog,
  ) {
    this.id = id;
    this.#membership = membership;
    this.#options = options;
    this.#send = send;
    const lastTerm = log.term(log.lastIndex()) ?? term(0);
    this.#disk = { log: log.copy(), hardState: { term: lastTerm, vote: noMember, commit: index(0) } };
    this.log = log;
    this.raft = this.#boot();
  }

  get hardState(): HardState {
    return this.#disk.hardState;
  }

  get durableLog(): MemoryLog {
    return this.#disk.log;
  }

  get pendingWrites(): number {
    return this.#writes.length;
  }

  /** Its log is about to be replaced. */
  get isInstalling(): boolean {
    return this.#writes.some(({ snapshot }) => snapshot !== undefined);
  }

  /** Takes one Ready; the write it asks for is under way, everything else is done. */
  take(): Ready {
    const ready = this.raft.takeReady();
    this.log.append(ready.entries);
    this.#writes.push(ready);
    for (const message of ready.messages) this.#send(message);
    this.#reads.push(...ready.reads);
    this.#readsLost.push(...ready.readsLost);
    this.#apply(ready.committed);
    return ready;
  }

  /** The oldest write under way reaches the disk. */
  finishWrite(): void {
    const ready = this.#writes.shift();
    if (ready === undefined) return;
    if (ready.hardState !== undefined) this.#disk.hardState = ready.hardState;
    if (ready.snapshot !== undefined) this.#install(ready.snapshot);
    this.#disk.log.append(ready.entries);
    const last = ready.entries.at(-1);
    if (last !== undefined) this.raft.durable(last.index, last.term);
    for (const message of ready.afterDurable) this.#send(message);
  }

  /** Whatever can be done without news from outside. */
  settle(): void {
    for (let turn = 0; this.raft.hasReady() || this.#writes.length > 0; turn += 1) {
      if (turn > 10_000) throw new Error(`member ${this.id} never comes to rest`);
      if (this.raft.hasReady()) this.take();
      this.finishWrite();
    }
  }

  /** The bytes of a snapshot travel beside raft. */
  receive(message: Message, state: readonly Entry[]): void {
    if (state.length > this.#incoming.length) this.#incoming = state;
    this.raft.step(message);
  }

  takeReads(): readonly ReadGrant[] {
    return this.#reads.length === 0 ? [] : this.#reads.splice(0);
  }

  takeReadsLost(): readonly number[] {
    return this.#readsLost.length === 0 ? [] : this.#readsLost.splice(0);
  }

  compact(upTo: Index): void {
    const { membership } = this.raft.status();
    for (const log of [this.log, this.#disk.log]) log.compact(upTo, membership);
  }

  setMembership(membership: Membership): void {
    this.#membership = membership;
    this.raft.setMembership(membership);
  }

  /** Writes under way are lost, with what waited for them. */
  crash(): void {
    this.up = false;
    this.#writes = [];
    this.#reads = [];
    this.#readsLost = [];
  }

  restart(): void {
    this.up = true;
    this.log = this.#disk.log.copy();
    this.raft = this.#boot();
  }

  #boot(): Raft {
    return new Raft({
      ...this.#options,
      id: this.id,
      log: this.log,
      hardState: this.#disk.hardState,
      membership: this.#membership,
      applied: index(this.state.length),
    });
  }

  #apply(committed: readonly Entry[]): void {
    const last = committed.at(-1);
    if (last === undefined) return;
    this.state.push(...committed);
    this.raft.applied(last.index);
  }

  #install(mark: SnapshotMark): void {
    this.#membership = mark.membership;
    this.state.splice(0, Number.POSITIVE_INFINITY, ...this.#incoming.slice(0, mark.index));
    this.log.reset(mark);
    this.#disk.log.reset(mark);
    this.raft.snapshotInstalled(mark);
  }
}
