import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Alarms } from '../alarms/alarms.js';
import { type Applied, Applier } from '../apply/applier.js';
import { operationNames } from '../apply/operation-names.js';
import { watchGrants } from '../apply/watch-grants.js';
import { Auth } from '../auth/auth.js';
import type { Tokens } from '../auth/tokens.js';
import type { StateMachine } from '../driver/machine.js';
import { ClusterError } from '../errors.js';
import { type LeaseFollower, Leases } from '../lease/index.js';
import { type LeaseMeasures, Measures } from '../measures.js';
import { Downgrade } from '../members/downgrade.js';
import { type Member, Members } from '../members/members.js';
import type { Index } from '../numbers.js';
import type { Entry, Membership, SnapshotMark } from '../raft/types.js';
import { Backend, type BackendOptions, type StateView } from '../store/index.js';
import { WatchHub } from '../watch/index.js';
import type { DataDir } from './data-dir.js';
import { Keys } from './keys.js';

export interface StateOptions {
  readonly tokens: Tokens;
  readonly leaseFollower: LeaseFollower;
  readonly measures?: Measures;
  /** Told of every entry that held a command, right after it was applied. */
  readonly onApplied: (applied: Applied) => void;
  /** Told when an installed snapshot has replaced everything. */
  readonly onReplaced: () => void;
  /** Told when the members have changed, by an entry or by a snapshot. */
  readonly onMembers?: () => void;
  /** See BackendOptions.inline. */
  readonly inline?: boolean;
  /** See Clock.soon. */
  readonly soon: (callback: () => void) => void;
}

/** The replicated state of one member: the rooms that stand on the store's tables, as the one machine that raft drives. */
export class State implements StateMachine {
  readonly keys: Keys;
  readonly auth: Auth;
  readonly leases: Leases;
  readonly members: Members;
  readonly alarms: Alarms;
  readonly downgrade: Downgrade;
  readonly watches: WatchHub;
  readonly applier: Applier;
  readonly #backendOptions: BackendOptions;
  readonly #onApplied: (applied: Applied) => void;
  readonly #onReplaced: () => void;
  readonly #onMembers: () => void;
  readonly #measures: Measures;
  #backend: Backend;
  /** The last work on the file as a whole; such works take turns. */
  #fileWork: Promise<unknown> = Promise.resolve();
  #membersSeen = 0;

  /** @throws ClusterError store-damaged, disk-full */
  static async open({ store }: DataDir, options: StateOptions): Promise<State> {
    const backendOptions = { path: join(store, 'data.mdb'), inline: options.inline ?? false };
    return new State(await Backend.open(backendOptions), backendOptions, options);
  }

  private constructor(
    backend: Backend,
    backendOptions: BackendOptions,
    {
      tokens,
      leaseFollower,
      onApplied,
      onReplaced,
      onMembers = () => {},
      soon,
      measures = new Measures(),
    }: StateOptions,
  ) {
    this.#backend = backend;
    this.#backendOptions = backendOptions;
    this.#onApplied = onApplied;
    this.#onReplaced = onReplaced;
    this.#onMembers = onMembers;
    this.#measures = measures;
    this.leases = new Leases(backend.table, counting(leaseFollower, measures.leases));
    this.keys = new Keys(backend.table, {
      leaseExists: (id) => this.leases.has(id),
      onChange: (at, change) => this.watches.note(at, change),
      measures: measures.keys,
    });
    this.auth = new Auth(backend.table, tokens);
    this.watches = new WatchHub({ history: this.keys, grants: watchGrants(this.auth), soon });
    this.members = new Members(backend.table);
    this.#membersSeen = this.members.version;
    this.alarms = new Alarms(backend.table);
    this.downgrade = new Downgrade(backend.table);
    this.applier = new Applier({
      backend: { transact: (index, work) => this.#backend.transact(index, work) },
      kv: this.keys,
      auth: this.auth,
      leases: this.leases,
      members: this.members,
      alarms: this.alarms,
      downgrade: this.downgrade,
    });
  }

  get appliedIndex(): Index {
    return this.#backend.appliedIndex;
  }

  get durableIndex(): Index {
    return this.#backend.durableIndex;
  }

  get pendingBytes(): number {
    return this.#backend.pendingBytes;
  }

  get membership(): Membership {
    return this.members.membership;
  }

  membershipAt(index: Index): Membership {
    return this.members.membershipAt(index);
  }

  /** Of the file, and of what is used in it, in bytes. */
  get size(): number {
    return this.#backend.size;
  }

  get sizeInUse(): number {
    return this.#backend.sizeInUse;
  }

  /** See Backend.openReads. */
  get openReads(): number {
    return this.#backend.openReads;
  }

  /** Before the first entry, on a member that has never run. Durable when it resolves. */
  async initialise(members: readonly Member[]): Promise<void> {
    this.#backend.transact(this.appliedIndex, () => this.members.initialise(members));
    await this.commit();
  }

  /** The same on a member that has joined: it knows whom to ask, until it is sent the cluster's state. */
  async initialiseJoining(members: readonly Member[]): Promise<void> {
    this.#backend.transact(this.appliedIndex, () => this.members.initialiseJoining(members));
    await this.commit();
  }

  apply(entry: Entry): void {
    assert.equal(entry.index, this.appliedIndex + 1, 'entries are applied one after the other');
    const began = performance.now();
    const applied = this.applier.apply(entry);
    if (applied !== undefined) this.#noteApplied(applied, (performance.now() - began) / 1000);
    this.watches.checkGrants();
    if (applied !== undefined) this.#onApplied(applied);
    this.#noticeMembers();
  }

  /** A slice of what a compaction has left to remove, of so many changes. No answer depends on how far that has come. */
  compactStep(changes: number): void {
    if (!this.keys.compactionPending) return;
    this.#backend.transact(this.appliedIndex, () => this.keys.compactStep(changes));
  }

  async commit(): Promise<void> {
    const began = performance.now();
    await this.#backend.commit();
    this.#measures.commitSeconds.observe((performance.now() - began) / 1000);
  }

  /** Everything applied so far, to be read while entries are applied. The caller closes it. */
  view(): Promise<StateView> {
    return this.#backend.view();
  }

  async copyTo(file: string): Promise<Index> {
    const began = performance.now();
    const { index } = await this.#backend.writeSnapshot(file);
    this.#measures.copySeconds.observe((performance.now() - began) / 1000);
    return index;
  }

  /** Gives the file's free pages back. Reads and writes go on. @throws ClusterError disk-full */
  defragment(): Promise<void> {
    return this.#inTurn(() => this.#defragment());
  }

  async #defragment(): Promise<void> {
    const began = performance.now();
    this.#measures.defragmenting = 1;
    try {
      await this.#backend.defragment();
      this.#measures.defragmentSeconds.observe((performance.now() - began) / 1000);
    } finally {
      this.#measures.defragmenting = 0;
    }
  }

  /** Reads go on meanwhile, on the state before: its file has lost its name, not its content. */
  replaceBy(file: string, mark: SnapshotMark): Promise<void> {
    return this.#inTurn(() => this.#replaceBy(file, mark));
  }

  async #replaceBy(file: string, mark: SnapshotMark): Promise<void> {
    const before = this.#backend;
    await Backend.install(this.#backendOptions.path, file);
    this.#backend = await Backend.open(this.#backendOptions);
    const tables = this.#backend.table;
    this.keys.reload(tables);
    this.leases.reload(tables);
    this.auth.reload(tables);
    this.members.reload(tables);
    this.alarms.reload(tables);
    this.downgrade.reload(tables);
    this.watches.reset();
    await before.close();
    this.#noticeMembers();
    this.#onReplaced();
    assert.equal(this.appliedIndex, mark.index, 'the copy ends where its mark says');
  }

  #noteApplied({ action, outcome }: Applied, seconds: number): void {
    const name = operationNames[action];
    // As in etcd, for which nothing failed where there was nothing left to compact.
    const succeeded = !(outcome instanceof ClusterError) || outcome.code === 'compacted';
    if (name !== undefined) this.#measures.applied(name, succeeded, seconds);
  }

  #noticeMembers(): void {
    if (this.members.version === this.#membersSeen) return;
    this.#membersSeen = this.members.version;
    this.#onMembers();
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#backend.close());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#fileWork.then(work);
    this.#fileWork = turn.catch(() => {});
    return turn;
  }
}

const counting = (follower: LeaseFollower, counted: LeaseMeasures): LeaseFollower => ({
  granted(lease) {
    counted.granted += 1;
    counted.grantedSeconds.observe(lease.seconds);
    follower.granted(lease);
  },
  revoked(id) {
    counted.revoked += 1;
    follower.revoked(id);
  },
  replaced: () => follower.replaced(),
});
