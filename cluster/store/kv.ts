import assert from 'node:assert/strict';
import { ClusterError } from '../errors.js';
import { KeyMeasures } from '../measures.js';
import { type LeaseId, noLease, type Revision, revision } from '../numbers.js';
import type {
  Change,
  DeleteRange,
  DeleteRangeResult,
  KeyRange,
  Operation,
  OperationResult,
  Put,
  PutResult,
  Range,
  RangeResult,
  Txn,
  TxnResult,
} from '../operations/kv.js';
import type { TableSource } from '../tables.js';
import { Compaction } from './compaction.js';
import { History } from './history.js';
import { KeyTree } from './key-tree.js';
import { LeasedKeys } from './leased-keys.js';
import { decodeHead, encodeHead, type Head, type Place, type Record, tombstone } from './records.js';
import { latestOf } from './revision.js';
import { checkRevision, View } from './view.js';

export interface KvOptions {
  /** Whether a lease may get keys. Absent: none may. */
  readonly leaseExists?: (lease: LeaseId) => boolean;
  readonly measures?: KeyMeasures;
  /** Told of every change while it is made, in order. */
  readonly onChange?: (at: Revision, change: Change) => void;
}

/** A txn with its branches chosen: all compares see the state before the first write, nested ones too. */
interface Plan {
  readonly succeeded: boolean;
  readonly steps: readonly (Exclude<Operation, Txn> | Plan)[];
}

/** The key-value store: every revision of every key, back to the compacted one. An empty one is at revision 1. */
export class Kv {
  readonly #history: History;
  readonly #keys: KeyTree;
  readonly #view: View;
  readonly #compaction: Compaction;
  readonly #leased: LeasedKeys;
  readonly #leaseExists: (lease: LeaseId) => boolean;
  readonly #measures: KeyMeasures;
  readonly #onChange: KvOptions['onChange'];
  #revision: Revision;
  /** How many changes the operation under way has made. */
  #changes = 0;

  constructor(tables: TableSource, options: KvOptions = {}) {
    const meta = tables('kv-meta');
    this.#history = new History(tables);
    this.#keys = new KeyTree(tables, meta);
    this.#view = new View(this.#keys, this.#history);
    this.#measures = options.measures ?? new KeyMeasures();
    this.#compaction = new Compaction(meta, this.#keys, this.#history, this.#measures.compaction);
    this.#leased = new LeasedKeys(tables);
    this.#leaseExists = options.leaseExists ?? (() => false);
    this.#revision = latestOf(this.#history, this.#compaction);
    this.#onChange = options.onChange;
  }

  /** Of the latest change. */
  get revision(): Revision {
    return this.#revision;
  }

  /** Reads go back to this revision, inclusive; 0: nothing was compacted. */
  get compactedRevision(): Revision {
    return this.#compaction.revision;
  }

  /** Throws ClusterError compacted, future-revision. */
  range(op: Range): RangeResult {
    checkRevision(op.revision, this.#revision, this.compactedRevision);
    this.#measures.ranges += 1;
    return this.#view.range(op, this.#revision);
  }

  /** How many keys the range has; `at` <= 0: now. Throws ClusterError compacted, future-revision. */
  count(range: KeyRange, at: Revision = this.#revision): number {
    checkRevision(at, this.#revision, this.compactedRevision);
    return this.#view.count(range, at > 0 ? at : this.#revision, this.#revision);
  }

  /**
   * Carries out an operation; what changes something does so at one new revision, all of it. Refusals come before the
   * first write. Throws ClusterError key-not-found, lease-not-found, compacted, future-revision.
   */
  apply(op: Put): PutResult;
  apply(op: DeleteRange): DeleteRangeResult;
  apply(op: Txn): TxnResult;
  apply(op: Put | DeleteRange | Txn): PutResult | DeleteRangeResult | TxnResult;
  apply(op: Put | DeleteRange | Txn): PutResult | DeleteRangeResult | TxnResult {
    if (op.kind === 'txn') {
      this.#measures.txns += 1;
      const plan = this.#plan(op);
      return this.#atOneRevision(() => this.#run(plan));
    }
    this.#check(op);
    return this.#atOneRevision(() => (op.kind === 'put' ? this.#put(op) : this.#deleteRange(op)));
  }

  /** The keys that a lease is attached to, in order. */
  keysOf(lease: LeaseId): readonly Uint8Array[] {
    return this.#leased.of(lease);
  }

  /** How many keys a lease is attached to; counts no further than `max`. */
  countKeysOf(lease: LeaseId, max: number): number {
    return this.#leased.count(lease, max);
  }

  /** Deletes what a lease is attached to: all of it at one new revision, in the order of the keys. Gives how much it was. */
  deleteKeysOf(lease: LeaseId): number {
    const keys = this.#leased.of(lease);
    this.#atOneRevision(() => {
      for (const key of keys) this.#delete(key);
    });
    return keys.length;
  }

  /** What `apply` would refuse, without a write. Throws what it throws. */
  validate(op: Put | DeleteRange | Txn): void {
    if (op.kind === 'txn') this.#plan(op);
    else this.#check(op);
  }

  /**
   * Gives up what is older than a revision: reads below it fail from now on; the rows go with `compactStep`.
   * Throws ClusterError compacted (it is already), future-revision.
   */
  compact(to: Revision): void {
    this.#compaction.mark(to, this.#revision);
  }

  /**
   * Every change from a revision on, in order; one that is not compacted, or some are missing. Nothing must change
   * meanwhile.
   */
  *changes(from: Revision): Generator<{ readonly revision: Revision; readonly change: Change }> {
    for (const [{ main }, change] of this.#history.since(from)) yield { revision: main, change };
  }

  /** Rows of compacted revisions are left. */
  get compactionPending(): boolean {
    return this.#compaction.pending;
  }

  /** Removes rows of compacted revisions, looking at up to `budget` changes. Returns whether more is to be done. */
  compactStep(budget: number): boolean {
    assert(budget > 0);
    return this.#compaction.step(budget);
  }

  #plan(txn: Txn): Plan {
    const succeeded = txn.compare.every((compare) => this.#view.holds(compare, this.#revision));
    const branch = succeeded ? txn.success : txn.failure;
    const steps = branch.map((op) => {
      if (op.kind === 'txn') return this.#plan(op);
      this.#check(op);
      return op;
    });
    return { succeeded, steps };
  }

  #check(op: Exclude<Operation, Txn>): void {
    if (op.kind === 'range') checkRevision(op.revision, this.#revision, this.compactedRevision);
    if (op.kind !== 'put') return;
    if (!op.ignoreLease && op.lease !== noLease && !this.#leaseExists(op.lease)) {
      throw new ClusterError('lease-not-found', `there is no lease ${op.lease}`, { lease: op.lease });
    }
    if ((op.ignoreValue || op.ignoreLease) && this.#head(op.key)?.live !== true) {
      throw new ClusterError('key-not-found', 'a key that is not there has no value or lease to keep', {
        key: Buffer.from(op.key).toString(),
      });
    }
  }

  #atOneRevision<T>(change: () => T): T {
    this.#changes = 0;
    const result = change();
    this.#revision = this.#latest;
    this.#changes = 0;
    return result;
  }

  /** The revision that a read inside the operation sees. */
  get #latest(): Revision {
    return revision(this.#changes > 0 ? this.#revision + 1 : this.#revision);
  }

  #nextPlace(): Place {
    return { main: revision(this.#revision + 1), sub: this.#changes++ };
  }

  #run(plan: Plan): TxnResult {
    return { kind: 'txn', succeeded: plan.succeeded, results: plan.steps.map((step) => this.#runStep(step)) };
  }

  #runStep(step: Plan['steps'][number]): OperationResult {
    if ('steps' in step) return this.#run(step);
    switch (step.kind) {
      case 'range':
        this.#measures.ranges += 1;
        return this.#view.range(step, this.#latest, this.#changes === 0);
      case 'put':
        return this.#put(step);
      case 'delete-range':
        return this.#deleteRange(step);
    }
  }

  #put(op: Put): PutResult {
    this.#measures.puts += 1;
    this.#measures.putBytes += op.key.length + op.value.length;
    const old = this.#head(op.key);
    const live = old?.live === true;
    const place = this.#nextPlace();
    const head: Head = {
      live: true,
      mod: place,
      create: live ? old.create : place.main,
      version: live ? old.version + 1 : 1,
      lease: op.ignoreLease && live ? old.lease : op.lease,
      ...this.#link(old, place),
    };
    const prevKv = op.prevKv && live ? this.#view.keyValue({ key: op.key, value: undefined, ...old }) : undefined;
    // Kept, unless the same txn has deleted it before: then there is none to keep (a real etcd ends itself there).
    const value = op.ignoreValue && live ? this.#history.valueAt(old.mod) : op.value;
    const before = this.#chained(old)?.mod;
    this.#append(place, { tombstone: false, key: op.key, value, before, ...head });
    this.#keys.put(op.key, encodeHead(head), true, old?.live);
    if (live) this.#leased.detach(old);
    this.#leased.attach(head, op.key);
    return prevKv === undefined ? { kind: 'put' } : { kind: 'put', prevKv };
  }

  #deleteRange(op: DeleteRange): DeleteRangeResult {
    const found = [...this.#view.versions(op, this.#latest, this.#latest)];
    const prevKvs = op.prevKv ? found.map((version) => this.#view.keyValue(version)) : [];
    for (const { key } of found) this.#delete(key);
    return { kind: 'delete-range', deleted: found.length, prevKvs };
  }

  #delete(key: Uint8Array): void {
    const old = this.#head(key);
    assert(old !== undefined);
    this.#leased.detach(old);
    this.#measures.deletes += 1;
    const place = this.#nextPlace();
    const link = this.#link(old, place);
    const dead: Head = { live: false, mod: place, create: revision(0), version: 0, lease: noLease, ...link };
    this.#append(place, tombstone(key, old.mod, link));
    this.#keys.put(key, encodeHead(dead), false, true);
  }

  #append(place: Place, record: Record): void {
    this.#history.append(place, record);
    this.#onChange?.(place.main, record);
  }

  #head(key: Uint8Array): Head | undefined {
    const row = this.#keys.get(key);
    return row && decodeHead(row);
  }

  /** A deletion that is compacted ends the chain whether its rows are swept yet or not: members differ in that. */
  #chained(old: Head | undefined): Head | undefined {
    return old !== undefined && (old.live || old.mod.main > this.compactedRevision) ? old : undefined;
  }

  #link(old: Head | undefined, place: Place): Pick<Head, 'depth' | 'root'> {
    const chained = this.#chained(old);
    return chained === undefined ? { depth: 0, root: place } : { depth: chained.depth + 1, root: chained.root };
  }
}
