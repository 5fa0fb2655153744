import type { LeaseId, Revision } from '../numbers.js';
import type {
  DeleteRange,
  DeleteRangeResult,
  Put,
  PutResult,
  Range,
  RangeResult,
  Txn,
  TxnResult,
} from '../operations/kv.js';
import { Kv, type KvOptions } from '../store/index.js';
import type { TableSource } from '../tables.js';

/** The keys, for those who hold on to them over an installed snapshot: that gives the store new tables. */
export class Keys {
  readonly #options: KvOptions;
  #kv: Kv;

  constructor(tables: TableSource, options: KvOptions = {}) {
    this.#options = options;
    this.#kv = new Kv(tables, options);
  }

  get revision(): Revision {
    return this.#kv.revision;
  }

  get compactedRevision(): Revision {
    return this.#kv.compactedRevision;
  }

  get compactionPending(): boolean {
    return this.#kv.compactionPending;
  }

  range(range: Range): RangeResult {
    return this.#kv.range(range);
  }

  changes(from: Revision): ReturnType<Kv['changes']> {
    return this.#kv.changes(from);
  }

  apply(operation: Put): PutResult;
  apply(operation: DeleteRange): DeleteRangeResult;
  apply(operation: Txn): TxnResult;
  apply(operation: Put | DeleteRange | Txn): PutResult | DeleteRangeResult | TxnResult;
  apply(operation: Put | DeleteRange | Txn): PutResult | DeleteRangeResult | TxnResult {
    return this.#kv.apply(operation);
  }

  keysOf(lease: LeaseId): readonly Uint8Array[] {
    return this.#kv.keysOf(lease);
  }

  countKeysOf(lease: LeaseId, max: number): number {
    return this.#kv.countKeysOf(lease, max);
  }

  deleteKeysOf(lease: LeaseId): number {
    return this.#kv.deleteKeysOf(lease);
  }

  compact(revision: Revision): void {
    this.#kv.compact(revision);
  }

  compactStep(budget: number): void {
    this.#kv.compactStep(budget);
  }

  reload(tables: TableSource): void {
    this.#kv = new Kv(tables, this.#options);
  }
}
