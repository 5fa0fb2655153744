import type { Revision } from '../numbers.js';
import type { TableSource } from '../tables.js';
import { Compaction } from './compaction.js';
import { History } from './history.js';
import { KeyTree } from './key-tree.js';
import { readRaised } from './raised.js';
import { decodeHead, type Place, type Record } from './records.js';
import { latestOf } from './revision.js';

/** One change of one key, and where it stands. */
export interface Change {
  readonly place: Place;
  readonly record: Record;
}

/** The store as the sequence of its changes, on tables that stand still. */
export class Revisions {
  readonly #history: History;
  readonly #keys: KeyTree;
  readonly #compaction: Compaction;
  readonly latest: Revision;
  /** What a restore has raised the revision to, when it was made or before; everything up to there is compacted. */
  readonly raised: Revision | undefined;

  constructor(tables: TableSource) {
    const meta = tables('kv-meta');
    this.#history = new History(tables);
    this.#keys = new KeyTree(tables, meta);
    this.#compaction = new Compaction(meta, this.#keys, this.#history);
    this.latest = latestOf(this.#history, this.#compaction);
    this.raised = readRaised(meta);
  }

  /** Undefined: nothing was ever compacted. */
  get compacted(): Revision | undefined {
    return this.#compaction.marked;
  }

  /** Rows are left that the compaction will take. */
  get pending(): boolean {
    return this.#compaction.pending;
  }

  /**
   * The changes up to a revision, inclusive, in portions that are a millisecond's work or so. Whoever takes them can give
   * way to others in between.
   */
  *portions(to: Revision): Generator<readonly Change[]> {
    let after: Place | undefined = beforeAll;
    while (after !== undefined) {
      const portion = this.#portion(after, to);
      if (portion.length > 0) yield portion;
      after = portion.at(-1)?.place;
    }
  }

  /** Whether the change is what its key had come to at a revision, and the key was there. */
  stands({ place, record }: Change, at: Revision): boolean {
    if (record.tombstone) return false;
    const row = this.#keys.get(record.key);
    const mod = row && this.#history.versionAt(decodeHead(row), at)?.mod;
    return mod !== undefined && mod.main === place.main && mod.sub === place.sub;
  }

  /** Whether each key that has ever been, and is not forgotten, was there at a revision. */
  *presence(at: Revision): Generator<boolean> {
    for (const [, row] of this.#keys.range({})) yield this.#history.versionAt(decodeHead(row), at) !== undefined;
  }

  #portion(after: Place, to: Revision): readonly Change[] {
    const changes: Change[] = [];
    let bytes = 0;
    for (const [place, record] of this.#history.between(after, to)) {
      changes.push({ place, record });
      bytes += record.key.length + record.value.length;
      if (changes.length >= portionMax || bytes >= portionBytesMax) break;
    }
    return changes;
  }
}

const portionMax = 250;
const portionBytesMax = 256 * 1024;

const beforeAll: Place = { main: 0 as Revision, sub: 0xfffffffe };
