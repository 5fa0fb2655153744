import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Index } from '../numbers.js';
import type { TableSource } from '../tables.js';
import { CompactCopy, copyCommitted, removeCompactCopy } from './copies.js';
import * as file from './data-file.js';
import { failureOf } from './failures.js';
import { LayeredTable, type Rows } from './layered-table.js';
import { StateView } from './state-view.js';

export interface BackendOptions {
  /** The data file; its folder exists. LMDB keeps a lock file beside it (`path`-lock). */
  readonly path: string;
  /**
   * For simulations: a commit is complete when `commit()` returns its promise, and the file is up to date for a copy,
   * but the system is not asked to put it on the disk.
   */
  readonly inline?: boolean;
}

/**
 * The member's state: ordered tables on one LMDB file, changed entry by entry in memory and committed in batches.
 *
 * ```text
 *   transact(7) transact(8) │ commit() ──────────▶ durable │
 *   top: 7, 8               │ leaving: 7, 8                │ in LMDB, durableIndex 8
 *                           │ top: ─ transact(9)           │ top: 9
 * ```
 * Reads see every layer at once. A commit is one LMDB transaction with the applied index inside, so that after a crash
 * the state is that of exactly one index, and the log is replayed from there.
 */
export class Backend {
  readonly path: string;
  /** Gives a room its table; the same name is the same table. */
  readonly table: TableSource;
  readonly #inline: boolean;
  #root: file.Root;
  readonly #tables = new Map<string, LayeredTable>();
  #indexRows: Rows;
  #appliedIndex: Index;
  #durableIndex: Index;
  #inTransaction = false;
  #writes = 0;
  #size = 0;
  #poison: unknown;
  #committing: Promise<void> | undefined;
  readonly #copies = new Set<Promise<unknown>>();
  readonly #views = new Set<StateView>();

  private constructor(root: file.Root, options: BackendOptions) {
    this.#root = root;
    this.path = options.path;
    this.#inline = options.inline ?? false;
    this.table = (name) => this.#table(name);
    for (const name of file.tableNames(root)) this.#addTable(name, file.openRows(root, name));
    this.#indexRows = file.openBackendRows(root);
    file.checkFormat(this.#indexRows, options.path);
    this.#appliedIndex = this.#durableIndex = file.readApplied(this.#indexRows);
    this.#size = file.bytesOfFile(root);
  }

  /** Opens the file, or makes it. Throws ClusterError: store-damaged, disk-full. */
  static async open(options: BackendOptions): Promise<Backend> {
    const fresh = !existsSync(options.path);
    await removeCompactCopy(options.path);
    const root = file.openRoot(options.path, { lax: options.inline ?? false });
    try {
      const backend = new Backend(root, options);
      // Else the first commits could be on the disk in a file without a name.
      if (fresh) await file.syncFolderOf(options.path);
      return backend;
    } catch (error) {
      await root.close();
      throw await failureOf(error, options.path);
    }
  }

  /**
   * Puts a snapshot in the place of the data file: all of it or nothing, also over a power cut. The backend is closed
   * meanwhile. Both files are in one file system. Returns the snapshot's applied index; throws ClusterError store-damaged.
   */
  static async install(path: string, snapshotFile: string): Promise<Index> {
    const applied = await file.inspectFile(snapshotFile);
    await file.syncPath(snapshotFile);
    await rename(snapshotFile, path);
    await rm(`${path}-lock`, { force: true });
    await file.syncFolderOf(path);
    return applied;
  }

  /** The latest entry applied, in memory. */
  get appliedIndex(): Index {
    return this.#appliedIndex;
  }

  /** The latest entry whose effect survives a power cut. */
  get durableIndex(): Index {
    return this.#durableIndex;
  }

  /** Memory held by what is not in LMDB yet; the caller commits, or waits, before it grows too big. */
  get pendingBytes(): number {
    let bytes = 0;
    for (const table of this.#tables.values()) bytes += table.bytes;
    return bytes;
  }

  /** Of the data file as of the last commit, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Of what the committed rows take of the file, in bytes; the rest is free for more. */
  get sizeInUse(): number {
    const tables = [...this.#tables.values()].flatMap(({ rows }) => (rows === undefined ? [] : [rows]));
    return [this.#indexRows, ...tables].reduce((sum, rows) => sum + file.bytesOf(rows), 0);
  }

  /**
   * Applies one log entry: its writes and the applied index stay together. The index may be the present one again, for
   * housekeeping. `change` checks before it writes; when it throws after a write the state is half changed by our own
   * fault, and the backend refuses everything from then on: what is on the disk stays good.
   */
  transact<T>(appliedIndex: Index, change: () => T): T {
    this.#assertSound();
    assert(!this.#inTransaction, 'a transaction inside a transaction');
    assert(appliedIndex >= this.#appliedIndex, `entry ${appliedIndex} after entry ${this.#appliedIndex}`);
    const writes = this.#writes;
    this.#inTransaction = true;
    try {
      const result = change();
      this.#appliedIndex = appliedIndex;
      return result;
    } catch (error) {
      if (this.#writes > writes) this.#poison = error;
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /**
   * Resolves when everything applied before the call is durable. Writes go on meanwhile. Rejects with ClusterError
   * disk-full and others; nothing is lost then, and a later commit tries again.
   */
  async commit(): Promise<void> {
    this.#assertSound();
    assert(!this.#inTransaction, 'a commit inside a transaction');
    while (this.#committing !== undefined) await this.#committing.catch(() => {});
    this.#assertSound();
    const applied = this.#appliedIndex;
    const dirty = [...this.#tables.values()].filter((table) => table.dirty);
    if (applied === this.#durableIndex && dirty.length === 0) return;
    this.#committing = this.#commit(dirty, applied);
    try {
      await this.#committing;
    } finally {
      this.#committing = undefined;
    }
  }

  /** Writes a consistent copy of the committed state to a new file, beside the work of the event loop; says its index. */
  async writeSnapshot(path: string): Promise<{ readonly index: Index }> {
    await this.commit();
    const copy = copyCommitted(this.#root, path);
    this.#copies.add(copy);
    try {
      return { index: await copy };
    } finally {
      this.#copies.delete(copy);
    }
  }

  /** Views and copies that hold on to a state of the file: what they still see is not written over. */
  get openReads(): number {
    return this.#views.size + this.#copies.size;
  }

  /** Everything applied so far, to be read while writes go on. The caller closes it. */
  async view(): Promise<StateView> {
    await this.commit();
    this.#assertSound();
    const transaction = this.#root.useReadTransaction();
    // A commit may have come in between: the file itself knows best.
    const applied = file.readApplied(this.#indexRows, { transaction });
    // A table that is made later is none that this transaction could read.
    const rows = new Map([...this.#tables].map(([name, table]) => [name, table.rows]));
    const view = new StateView(applied, transaction, (name) => rows.get(name));
    this.#views.add(view);
    void view.closed.then(() => this.#views.delete(view));
    return view;
  }

  /**
   * Gives the file's free pages back to the file system: a compact copy takes its place, all of it or nothing, also over
   * a power cut. Reads and writes go on; what is written meanwhile stays in memory until the copy is there.
   * Rejects with ClusterError disk-full and others; the file is then as it was.
   */
  async defragment(): Promise<void> {
    await this.commit();
    while (this.#committing !== undefined) await this.#committing.catch(() => {});
    this.#assertSound();
    this.#committing = this.#defragment();
    try {
      await this.#committing;
    } finally {
      this.#committing = undefined;
    }
  }

  /** Lets go of the file. What was not committed is gone: it comes back from the log. */
  async close(): Promise<void> {
    for (const view of this.#views) view.revoke();
    await Promise.allSettled([this.#committing, ...this.#copies, ...[...this.#views].map(({ closed }) => closed)]);
    this.#poison ??= new Error('the store is closed');
    await this.#root.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #commit(dirty: readonly LayeredTable[], applied: Index): Promise<void> {
    // A new table is a transaction of its own, which must not fall into the middle of the batch.
    for (const table of dirty) table.rows ??= file.openRows(this.#root, table.name);
    const before = this.#root.useReadTransaction();
    for (const table of dirty) table.freeze(before);
    try {
      await this.#write(dirty, applied);
      this.#root.resetReadTxn();
      for (const table of dirty) table.settle();
      this.#durableIndex = applied;
      this.#size = file.bytesOfFile(this.#root);
    } catch (error) {
      for (const table of dirty) table.restore();
      throw await failureOf(error, this.path);
    } finally {
      before.done();
    }
  }

  async #defragment(): Promise<void> {
    const [before, applied] = [this.#root, this.#durableIndex];
    const copy = await CompactCopy.make(this.path, before, this.#inline);
    try {
      assert.equal(copy.index, applied, 'nothing is committed while the file is copied');
      // Its readers know the old file only, and nobody can have begun to read it since.
      await Promise.allSettled([...this.#copies, ...[...this.#views].map(({ closed }) => closed)]);
      copy.takePlace();
    } catch (error) {
      await copy.discard();
      throw await failureOf(error, this.path);
    }
    this.#changeTo(copy.root);
    try {
      await copy.settle();
    } catch (error) {
      // Whether the name survives a power cut is not known, so nothing more may be called durable.
      this.#poison = error;
      throw await failureOf(error, this.path);
    } finally {
      await before.close();
    }
  }

  #changeTo(root: file.Root): void {
    this.#root = root;
    this.#indexRows = file.openBackendRows(root);
    for (const table of this.#tables.values()) {
      if (table.rows !== undefined) table.rows = file.openRows(root, table.name);
    }
    this.#size = file.bytesOfFile(root);
  }

  #write(dirty: readonly LayeredTable[], applied: Index): Promise<unknown> | undefined {
    const fill = (): void => {
      for (const table of dirty) table.writeOut();
      file.writeApplied(this.#indexRows, applied);
    };
    if (!this.#inline) return this.#root.batch(fill);
    this.#root.transactionSync(fill);
    return undefined;
  }

  #table(name: string): LayeredTable {
    return this.#tables.get(name) ?? this.#addTable(name, undefined);
  }

  #addTable(name: string, rows: Rows | undefined): LayeredTable {
    const table = new LayeredTable(name, rows, {
      beforeWrite: () => {
        assert(this.#inTransaction, 'a write outside of a transaction');
        this.#writes++;
      },
    });
    this.#tables.set(name, table);
    return table;
  }

  #assertSound(): void {
    if (this.#poison === undefined) return;
    throw new assert.AssertionError({ message: `the store can't be used any more: ${String(this.#poison)}` });
  }
}
