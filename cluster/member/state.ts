import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Applied, Applier } from '../apply/applier.js';
import { Auth } from '../auth/auth.js';
import type { Tokens } from '../auth/tokens.js';
import type { StateMachine } from '../driver/machine.js';
import { type Member, Members } from '../members/members.js';
import type { Index } from '../numbers.js';
import type { Entry, SnapshotMark } from '../raft/types.js';
import { Backend, type BackendOptions } from '../store/index.js';
import type { DataDir } from './data-dir.js';
import { Keys } from './keys.js';

export interface StateOptions {
  readonly tokens: Tokens;
  /** Told of every entry that held a command, right after it was applied. */
  readonly onApplied: (applied: Applied) => void;
  /** Told when an installed snapshot has replaced everything. */
  readonly onReplaced: () => void;
  /** See BackendOptions.inline. */
  readonly inline?: boolean;
}

/** Changes that one slice of a compaction looks at: a few milliseconds. */
const compactionBudget = 500;

/** The replicated state of one member: the rooms that stand on the store's tables, as the one machine that raft drives. */
export class State implements StateMachine {
  readonly keys: Keys;
  readonly auth: Auth;
  readonly members: Members;
  readonly applier: Applier;
  readonly #backendOptions: BackendOptions;
  readonly #onApplied: (applied: Applied) => void;
  readonly #onReplaced: () => void;
  #backend: Backend;

  /** @throws ClusterError store-damaged, disk-full */
  static async open({ store }: DataDir, options: StateOptions): Promise<State> {
    const backendOptions = { path: join(store, 'data.mdb'), inline: options.inline ?? false };
    return new State(await Backend.open(backendOptions), backendOptions, options);
  }

  private constructor(
    backend: Backend,
    backendOptions: BackendOptions,
    { tokens, onApplied, onReplaced }: StateOptions,
  ) {
    this.#backend = backend;
    this.#backendOptions = backendOptions;
    this.#onApplied = onApplied;
    this.#onReplaced = onReplaced;
    this.keys = new Keys(backend.table);
    this.auth = new Auth(backend.table, tokens);
    this.members = new Members(backend.table);
    this.applier = new Applier({
      backend: { transact: (index, work) => this.#backend.transact(index, work) },
      kv: this.keys,
      auth: this.auth,
      members: this.members,
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

  /** Of the file, and of what is used in it, in bytes. */
  get size(): number {
    return this.#backend.size;
  }

  get sizeInUse(): number {
    return this.#backend.sizeInUse;
  }

  /** Before the first entry, on a member that has never run. Durable when it resolves. */
  async initialise(members: readonly Member[]): Promise<void> {
    this.#backend.transact(this.appliedIndex, () => this.members.initialise(members));
    await this.commit();
  }

  apply(entry: Entry): void {
    assert.equal(entry.index, this.appliedIndex + 1, 'entries are applied one after the other');
    const applied = this.applier.apply(entry);
    if (applied !== undefined) this.#onApplied(applied);
  }

  /** A slice of what a compaction has left to remove. No answer depends on how far that has come. */
  compactStep(): void {
    if (!this.keys.compactionPending) return;
    this.#backend.transact(this.appliedIndex, () => this.keys.compactStep(compactionBudget));
  }

  commit(): Promise<void> {
    return this.#backend.commit();
  }

  async copyTo(file: string): Promise<Index> {
    const { index } = await this.#backend.writeSnapshot(file);
    return index;
  }

  /** Reads go on meanwhile, on the state before: its file has lost its name, not its content. */
  async replaceBy(file: string, mark: SnapshotMark): Promise<void> {
    const before = this.#backend;
    await Backend.install(this.#backendOptions.path, file);
    this.#backend = await Backend.open(this.#backendOptions);
    const tables = this.#backend.table;
    this.keys.reload(tables);
    this.auth.reload(tables);
    this.members.reload(tables);
    await before.close();
    this.#onReplaced();
    assert.equal(this.appliedIndex, mark.index, 'the copy ends where its mark says');
  }

  close(): Promise<void> {
    return this.#backend.close();
  }
}
