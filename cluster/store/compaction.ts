import { ClusterError } from '../errors.js';
import { type Revision, revision } from '../numbers.js';
import type { Table } from '../tables.js';
import type { History } from './history.js';
import type { KeyTree } from './key-tree.js';
import { decodeHead, type Place, placeKey, type Record, readNumber, readPlace, writeNumber } from './records.js';

const compactedKey = Buffer.from('compacted');
const sweptKey = Buffer.from('swept');
/** As in etcd, where a first compaction at 0 is accepted and a second one is not. */
const never = -1;
/** Stands after all changes of a revision. */
const lastSub = 0xfffffffe;

/**
 * Forgets what no read may ask for any more: of each key everything before its last change up to the compacted revision,
 * and that change too when it is a tombstone. The mark moves at once; the rows go later, in slices, by one walk over the
 * changes since the last compaction: each says what it replaced.
 *
 *     compact(11):   9,0 /a=1    10,0 /a=2 (before 9,0)    11,0 /a deleted (before 10,0)    12,0 /b=1
 *     the walk       -           removes 9,0               removes 10,0, 11,0 and the head  ends before it
 *
 * Where the walk stands differs from member to member. No answer depends on it, and neither do later records.
 */
export class Compaction {
  readonly #meta: Table;
  readonly #keys: KeyTree;
  readonly #history: History;
  #compacted: Revision;
  #swept: Place;

  constructor(meta: Table, keys: KeyTree, history: History) {
    this.#meta = meta;
    this.#keys = keys;
    this.#history = history;
    const compacted = meta.get(compactedKey);
    const swept = meta.get(sweptKey);
    this.#compacted = revision(compacted === undefined ? never : readNumber(Buffer.from(compacted), 0));
    this.#swept = swept === undefined ? { main: revision(0), sub: lastSub } : readPlace(swept);
  }

  /** 0: nothing was compacted. */
  get revision(): Revision {
    return revision(Math.max(0, this.#compacted));
  }

  /** Rows are left that no read can see. */
  get pending(): boolean {
    const { main, sub } = this.#swept;
    return main < this.#compacted || (main === this.#compacted && sub < lastSub);
  }

  mark(to: Revision, latest: Revision): void {
    if (to <= this.#compacted) {
      throw new ClusterError('compacted', `revision ${to} is compacted already, up to ${this.revision}`, {
        revision: to,
        compacted: this.revision,
      });
    }
    if (to > latest) {
      throw new ClusterError('future-revision', `revision ${to} is not there yet, the latest is ${latest}`, {
        revision: to,
        latest,
      });
    }
    const value = Buffer.alloc(8);
    writeNumber(value, to, 0);
    this.#meta.put(compactedKey, value);
    this.#compacted = to;
  }

  /** Looks at up to `budget` changes. Returns whether rows are left. */
  step(budget: number): boolean {
    if (!this.pending) return false;
    const slice: (readonly [Place, Record])[] = [];
    for (const change of this.#history.between(this.#swept, this.#compacted)) {
      slice.push(change);
      if (slice.length >= budget) break;
    }
    for (const [place, record] of slice) this.#sweep(place, record);
    const last = slice.at(-1);
    const finished = slice.length < budget || last === undefined;
    this.#swept = finished ? { main: this.#compacted, sub: lastSub } : last[0];
    this.#meta.put(sweptKey, placeKey(this.#swept));
    return !finished;
  }

  #sweep(place: Place, record: Record): void {
    this.#history.removeBefore(record);
    if (!record.tombstone) return;
    this.#history.remove(place, { depth: record.depth, root: record.root ?? place });
    const row = this.#keys.get(record.key);
    const head = row && decodeHead(row);
    if (head !== undefined && head.mod.main === place.main && head.mod.sub === place.sub) this.#keys.bury(record.key);
  }
}
