import { noLease, type Revision, revision } from '../numbers.js';
import type { Table, TableSource } from '../tables.js';
import { markCompacted } from './compaction.js';
import { History } from './history.js';
import { KeyTree } from './key-tree.js';
import { LeasedKeys } from './leased-keys.js';
import { writeRaised } from './raised.js';
import { decodeHead, encodeHead, type Head, type Place, type Record } from './records.js';

/** How far a store had given up its past. */
export interface CompactionState {
  /** Reads go back to here; undefined: nothing was ever compacted. */
  readonly compacted: Revision | undefined;
  /** Up to here what was given up is gone, but for this revision itself. */
  readonly swept: Revision;
}

/** A change as another store has made it. */
export type ForeignChange = Pick<Record, 'tombstone' | 'key' | 'value' | 'create' | 'version' | 'lease'>;

/** Fills empty tables with the history of another store, change by change, in order. A Kv on them is that store then. */
export class Intake {
  readonly #meta: Table;
  readonly #history: History;
  readonly #keys: KeyTree;
  readonly #leased: LeasedKeys;
  readonly #compacted: Revision;

  constructor(tables: TableSource, { compacted, swept }: CompactionState) {
    this.#meta = tables('kv-meta');
    this.#history = new History(tables);
    this.#keys = new KeyTree(tables, this.#meta);
    this.#leased = new LeasedKeys(tables);
    this.#compacted = compacted ?? revision(0);
    if (compacted !== undefined) markCompacted(this.#meta, compacted, swept);
  }

  /** Notes that the revision was raised to this one, which is to be compacted. */
  raise(to: Revision): void {
    writeRaised(this.#meta, to);
  }

  add(place: Place, change: ForeignChange): void {
    const { tombstone, key, create, version, lease } = change;
    const row = this.#keys.get(key);
    const old = row && decodeHead(row);
    // As in Kv: a deletion that is compacted ends the chain.
    const before = old !== undefined && (old.live || old.mod.main > this.#compacted) ? old : undefined;
    const link = before === undefined ? { depth: 0, root: place } : { depth: before.depth + 1, root: before.root };
    const head: Head = tombstone
      ? { live: false, mod: place, create: revision(0), version: 0, lease: noLease, ...link }
      : { live: true, mod: place, create, version, lease, ...link };
    this.#history.append(place, { before: before?.mod, ...change, ...link });
    this.#keys.put(key, encodeHead(head), head.live, old?.live);
    if (old?.live) this.#leased.detach(old);
    this.#leased.attach(head, key);
  }
}
