import assert from 'node:assert/strict';
import type { Transaction } from 'lmdb';
import { ClusterError } from '../errors.js';
import type { Index } from '../numbers.js';
import type { RangeOptions, Table, TableSource } from '../tables.js';
import type { Rows } from './layered-table.js';
import { rowRange } from './row-range.js';

/**
 * The state as it was at one index, while writes go on. What is in it can't be given back to the file meanwhile, so it
 * is held for as long as reading it takes and never for as long as a client takes.
 */
export class StateView {
  readonly index: Index;
  /** Tables to be read; writing throws. */
  readonly table: TableSource;
  /** Resolves once it was closed. */
  readonly closed: Promise<void>;
  readonly #transaction: Transaction;
  #settle: () => void = () => {};
  #open = true;
  #revoked = false;

  constructor(index: Index, transaction: Transaction, rowsOf: (name: string) => Rows | undefined) {
    this.index = index;
    this.#transaction = transaction;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.table = (name) => new ViewedTable(rowsOf(name), () => this.#readable());
  }

  /** From now on reads are refused: whoever holds it is to close it. */
  revoke(): void {
    this.#revoked = true;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#transaction.done();
    this.#settle();
  }

  #readable(): Transaction {
    assert(this.#open, 'a view is not read after it was closed');
    if (this.#revoked) throw new ClusterError('stopped', 'the state is being closed or replaced');
    return this.#transaction;
  }
}

class ViewedTable implements Table {
  readonly #rows: Rows | undefined;
  readonly #transaction: () => Transaction;

  constructor(rows: Rows | undefined, transaction: () => Transaction) {
    this.#rows = rows;
    this.#transaction = transaction;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const transaction = this.#transaction();
    return this.#rows?.get(key, { transaction });
  }

  range(options: RangeOptions = {}): Iterable<readonly [Uint8Array, Uint8Array]> {
    const { from, to } = options;
    const transaction = this.#transaction();
    if (this.#rows === undefined || (from !== undefined && to !== undefined && Buffer.compare(from, to) >= 0))
      return [];
    return this.#rows.getRange({ transaction, ...rowRange(options) }).map(({ key, value }) => [key, value] as const);
  }

  put(): never {
    throw new assert.AssertionError({ message: 'a view is only read' });
  }

  delete(): never {
    throw new assert.AssertionError({ message: 'a view is only read' });
  }
}
