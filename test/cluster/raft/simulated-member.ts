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
import { changed } from './changed.js';
import type { MemoryLog } from './memory-log.js';

export interface SimulatedOptions {
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly random: () => number;
  readonly appendBytesMax: number;
  readonly inFlightMax: number;
  readonly uncommittedBytesMax?: number;
  readonly unappliedBytesMax?: number;
  /** What was applied survives a crash only up to the last `saveState`. */
  readonly lazyState?: boolean;
}

/** What outlives a crash. */
interface Disk {
  log: MemoryLog;
  hardState: HardState;
}

/** The membership from an index on. */
interface Standing {
  readonly from: number;
  readonly membership: Membership;
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
  #memberships: Standing[];
  #saved = 0;
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
    this.#memberships = [{ from: 0, membership }];
    this.#options = options;
    this.#send = send;
    const lastTerm = log.term(log.lastIndex()) ?? term(0);
    this.#disk = { log: log.copy(), hardState: { term: lastTerm, vote: noMember, commit: index(0) } };
    this.log = log;
    this.raft = this.#boot();
  }

  get membership(): Membership {
    return this.#membershipAt(Number.POSITIVE_INFINITY);
  }

  /** A copy of the state as it is. */
  get mark(): SnapshotMark {
    const at = index(this.state.length);
    return { index: at, term: this.log.term(at) ?? term(0), membership: this.#membershipAt(at) };
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
    if (upTo <= this.log.mark().index || (this.#options.lazyState && upTo > this.#saved)) return;
    for (const log of [this.log, this.#disk.log]) log.compact(upTo, this.#membershipAt(upTo));
  }

  setMembership(membership: Membership): void {
    this.#memberships.push({ from: this.state.length, membership });
    this.raft.setMembership(membership);
  }

  saveState(): void {
    this.#saved = this.state.length;
  }

  /** Writes under way are lost, with what waited for them. */
  crash(): void {
    this.up = false;
    this.#writes = [];
    this.#reads = [];
    this.#readsLost = [];
    if (!this.#options.lazyState) return;
    this.state.length = this.#saved;
    this.#memberships = this.#memberships.filter(({ from }) => from <= this.#saved);
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
      membership: this.membership,
      applied: index(this.state.length),
    });
  }

  #apply(committed: readonly Entry[]): void {
    const last = committed.at(-1);
    if (last === undefined) return;
    for (const entry of committed) {
      this.state.push(entry);
      if (entry.kind === 'membership') this.setMembership(changed(this.membership, entry));
    }
    this.raft.applied(last.index);
  }

  #install(mark: SnapshotMark): void {
    this.#memberships = [{ from: mark.index, membership: mark.membership }];
    this.state.splice(0, Number.POSITIVE_INFINITY, ...this.#incoming.slice(0, mark.index));
    this.log.reset(mark);
    this.#disk.log.reset(mark);
    this.raft.snapshotInstalled(mark);
    this.saveState();
  }

  #membershipAt(at: number): Membership {
    const standing = this.#memberships.findLast(({ from }) => from <= at);
    if (standing === undefined) throw new Error(`${this.id} does not know the membership at ${at}`);
    return standing.membership;
  }
}
