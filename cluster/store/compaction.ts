import { ClusterError } from '../errors.js';
import { CompactionMeasures } from '../measures.js';
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
 * and that change too when it is an older tombstone. The mark moves at once; the rows go later, in slices, by one walk over
 * the changes since the last compaction: each says what it replaced.
 *
 *     compact(12):   9,0 /a=1    10,0 /a=2 (before 9,0)    11,0 /a deleted (before 10,0)    12,0 /b deleted    13,0 /b=1
 *     the walk       -           removes 9,0               removes 10,0, 11,0 and the head  leaves it          ends before it
 *
 * A watch may begin at the compacted revision, and is owed all of it: tombstones there go with the next compaction, which
 * begins with them (etcd 3.6; before, such a deletion was lost).
 * Where the walk stands differs from member to member. No answer depends on it, and neither do later records.
 */
export class Compaction {
  readonly #meta: Table;
  readonly #keys: KeyTree;
  readonly #history: History;
  readonly #measures: CompactionMeasures;
  /** When the first slice of the walk under way was begun. */
  #began: number | undefined;
  #compacted: Revision;
  #swept: Place;
  /** A walk was over the changes of this revision before, when its deletions had to stay. */
  #again = revision(0);

  constructor(meta: Table, keys: KeyTree, history: History, measures = new CompactionMeasures()) {
    this.#meta = meta;
    this.#keys = keys;
    this.#history = history;
    this.#measures = measures;
    const compacted = meta.get(compactedKey);
    const swept = meta.get(sweptKey);
    this.#compacted = revision(compacted === undefined ? never : readNumber(Buffer.from(compacted), 0));
    this.#swept = swept === undefined ? { main: revision(0), sub: lastSub } : readPlace(swept);
  }

  /** 0: nothing was compacted. */
  get revision(): Revision {
    return revision(Math.max(0, this.#compacted));
  }

  /** Undefined: nothing was ever compacted, not even at 0. */
  get marked(): Revision | undefined {
    return this.#compacted === never ? undefined : this.#compacted;
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
    if (this.#swept.main > 0 && this.#swept.main === this.#compacted) {
      this.#again = this.#compacted;
      this.#sweepFrom(beforeAll(this.#compacted));
    }
    putCompacted(this.#meta, to);
    this.#compacted = to;
  }

  /** Looks at up to `budget` changes. Returns whether rows are left. */
  step(budget: number): boolean {
    if (!this.pending) return false;
    const began = performance.now();
    const slice: (readonly [Place, Record])[] = [];
    for (const change of this.#history.between(this.#swept, this.#compacted)) {
      slice.push(change);
      if (slice.length >= budget) break;
    }
    for (const [place, record] of slice) this.#sweep(place, record);
    const last = slice.at(-1);
    const finished = slice.length < budget || last === undefined;
    this.#sweepFrom(finished ? { main: this.#compacted, sub: lastSub } : last[0]);
    this.#note(began, finished);
    return !finished;
  }

  #note(began: number, finished: boolean): void {
    const ended = performance.now();
    this.#began ??= began;
    this.#measures.sliceMs.observe(ended - began);
    if (!finished) return;
    this.#measures.totalMs.observe(ended - this.#began);
    this.#measures.lastSeconds = Math.floor(Date.now() / 1000);
    this.#began = undefined;
  }

  #sweepFrom(place: Place): void {
    this.#swept = place;
    this.#meta.put(sweptKey, placeKey(place));
  }

  #sweep(place: Place, record: Record): void {
    // Before what was made anew there is a deletion, which has gone by itself.
    const isMadeAnew = !record.tombstone && record.create === place.main;
    const hadOneBefore = this.#history.removeBefore(record);
    if (hadOneBefore && !isMadeAnew && place.main !== this.#again) this.#measures.removed += 1;
    if (!record.tombstone || place.main === this.#compacted) return;
    this.#history.remove(place, { depth: record.depth, root: record.root ?? place });
    this.#measures.removed += 1;
    const row = this.#keys.get(record.key);
    const head = row && decodeHead(row);
    if (head !== undefined && head.mod.main === place.main && head.mod.sub === place.sub) this.#keys.bury(record.key);
  }
}

/** For a store that is filled with another one's past: the walk begins with the changes of revision `swept`. */
export function markCompacted(meta: Table, compacted: Revision, swept: Revision): void {
  putCompacted(meta, compacted);
  meta.put(sweptKey, placeKey(beforeAll(swept)));
}

/** Right before the first change of a revision. */
const beforeAll = (of: Revision): Place => ({ main: revision(Math.max(0, of - 1)), sub: lastSub });

function putCompacted(meta: Table, to: Revision): void {
  const value = Buffer.alloc(8);
  writeNumber(value, to, 0);
  meta.put(compactedKey, value);
}
