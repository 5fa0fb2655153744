import assert from 'node:assert/strict';
import { type Revision, revision } from '../numbers.js';
import type { Table, TableSource } from '../tables.js';
import {
  decodeRecord,
  encodeRecord,
  type Head,
  type Link,
  type Place,
  placeKey,
  type Record,
  readPlace,
  type Version,
  valueOfRecord,
} from './records.js';

export interface Found extends Version {
  readonly key: Uint8Array;
  /** When it was at hand. */
  readonly value: Uint8Array | undefined;
}

/** Every so many records of a chain one is listed in `milestones`, so that a read in the past starts near its goal. */
const milestoneEvery = 16;
const mark = new Uint8Array([1]);
const lastSub = 0xffffffff;

/**
 * The records of all changes by place, oldest first, and the way back along a key's chain. With the head at revision 90
 * and a read at 41 of a key with 60 changes:
 *
 *     milestones of the chain   … 30   45   62   78        first one after 41: 45
 *     records                   45 -> 44 -> 43 -> 40       the answer
 */
export class History {
  readonly #records: Table;
  readonly #milestones: Table;

  constructor(tables: TableSource) {
    this.#records = tables('revisions');
    this.#milestones = tables('milestones');
  }

  append(place: Place, record: Record): void {
    this.#records.put(placeKey(place), encodeRecord(record));
    if (isMilestone(record.depth) && record.root !== undefined) {
      this.#milestones.put(milestoneKey(record.root, place), mark);
    }
  }

  /** Undefined: compacted, or never was. */
  record(place: Place): Record | undefined {
    const row = this.#records.get(placeKey(place));
    return row && decodeRecord(row);
  }

  valueAt(place: Place): Uint8Array {
    const row = this.#records.get(placeKey(place));
    assert(row !== undefined, `no record of revision ${place.main}`);
    return valueOfRecord(row);
  }

  /** The records from a revision on, in the order of the changes. */
  *since(from: Revision): Generator<readonly [Place, Record]> {
    for (const [key, row] of this.#records.range({ from: placeKey({ main: from, sub: 0 }) })) {
      yield [readPlace(key), decodeRecord(row)];
    }
  }

  /** The records after a place up to a revision, inclusive. */
  *between(after: Place, to: Revision): Generator<readonly [Place, Record]> {
    const from = placeKey({ main: after.main, sub: after.sub + 1 });
    for (const [key, row] of this.#records.range({ from, to: placeKey({ main: revision(to + 1), sub: 0 }) })) {
      yield [readPlace(key), decodeRecord(row)];
    }
  }

  latest(): Revision {
    for (const [key] of this.#records.range({ reverse: true })) return readPlace(key).main;
    return revision(0);
  }

  /** The key as it was at a revision; undefined when it was not there. */
  versionAt(head: Head, at: Revision): (Version & { readonly value?: Uint8Array }) | undefined {
    if (head.mod.main <= at) return head.live ? head : undefined;
    let place: Place | undefined = this.#startOf(head, at);
    while (place !== undefined) {
      const record = this.record(place);
      // A record that a compaction took was a tombstone: of the others the newest one is kept.
      if (record === undefined) return undefined;
      if (place.main <= at) return record.tombstone ? undefined : { mod: place, ...record };
      place = record.before;
    }
    return undefined;
  }

  /** Removes the record before `record` in its chain. Gives whether it has one. */
  removeBefore(record: Record): boolean {
    if (record.before === undefined || record.root === undefined) return false;
    this.remove(record.before, { depth: record.depth - 1, root: record.root });
    return true;
  }

  remove(place: Place, { depth, root }: Link): void {
    this.#records.delete(placeKey(place));
    if (isMilestone(depth)) this.#milestones.delete(milestoneKey(root, place));
  }

  #startOf({ root, depth, mod }: Head, at: Revision): Place {
    if (depth < milestoneEvery) return mod;
    const from = milestoneKey(root, { main: revision(at + 1), sub: 0 });
    const to = milestoneKey(root, { main: mod.main, sub: lastSub });
    for (const [key] of this.#milestones.range({ from, to })) return readPlace(key, key.length / 2);
    return mod;
  }
}

const isMilestone = (depth: number): boolean => depth > 0 && depth % milestoneEvery === 0;

const milestoneKey = (root: Place, place: Place): Buffer => Buffer.concat([placeKey(root), placeKey(place)]);
