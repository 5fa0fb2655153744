import { ClusterError } from '../errors.js';
import { noLease, type Revision, revision } from '../numbers.js';
import type { Compare, KeyRange, KeyValue, Range, RangeResult } from '../operations/kv.js';
import type { Found, History } from './history.js';
import { boundsOf, type KeyTree } from './key-tree.js';
import { textOf } from './overlay.js';
import { decodeHead, decodeVersion, isLive, type Version } from './records.js';
import { isNatural, needsAll, selection } from './selection.js';

const none = new Uint8Array(0);
const pagesMax = 64;

/** All that reads: keys and values as of a revision that is neither compacted nor to come. */
export class View {
  readonly #keys: KeyTree;
  readonly #history: History;
  /** How much is left after a page, by where the next one would start: pages of one revision need one count. */
  readonly #left = new Map<string, number>();

  constructor(keys: KeyTree, history: History) {
    this.#keys = keys;
    this.#history = history;
  }

  /** `settled`: `latest` is not being written any more. */
  range(op: Range, latest: Revision, settled = true): RangeResult {
    const at = op.revision > 0 ? op.revision : latest;
    if (op.countOnly) return { kind: 'range', kvs: [], more: false, count: this.count(op, at, latest) };
    const all = needsAll(op);
    const found: Found[] = [];
    for (const version of this.versions(op, at, latest)) {
      found.push(version);
      if (!all && op.limit > 0 && found.length > op.limit) break;
    }
    const selected = selection(op, found, (version) => this.#valueOf(version));
    const more = op.limit > 0 && selected.length > op.limit;
    const kvs = (more ? selected.slice(0, op.limit) : selected).map((version) => this.keyValue(version, op.keysOnly));
    if (all || !more) return { kind: 'range', kvs, more, count: found.length };
    const count = settled && isNatural(op) ? this.#countPage(op, kvs, at, latest) : this.count(op, at, latest);
    return { kind: 'range', kvs, more, count };
  }

  /** How many keys the range has at a revision. */
  count(range: KeyRange, at: Revision, latest: Revision): number {
    if (range.end === undefined || range.end.length === 0)
      return this.version(range.key, at, latest) === undefined ? 0 : 1;
    const now = this.#keys.count(boundsOf(range));
    if (at >= latest) return now;
    return latest - at < now ? now - this.#growth(range, at) : countOf(this.versions(range, at, latest));
  }

  /** In order of the keys, without values where they are not at hand. Nothing must change meanwhile. */
  *versions(range: KeyRange, at: Revision, latest: Revision): Generator<Found> {
    if (range.end === undefined || range.end.length === 0) {
      const version = this.version(range.key, at, latest);
      if (version !== undefined) yield foundAt(range.key, version);
      return;
    }
    for (const [key, row] of this.#keys.range(boundsOf(range))) {
      const version = this.#versionOf(row, at, latest);
      if (version !== undefined) yield foundAt(key, version);
    }
  }

  version(key: Uint8Array, at: Revision, latest: Revision): Version | undefined {
    const row = this.#keys.get(key);
    return row && this.#versionOf(row, at, latest);
  }

  keyValue(found: Found, keysOnly = false): KeyValue {
    return {
      key: found.key,
      value: keysOnly ? none : this.#valueOf(found),
      createRevision: found.create,
      modRevision: found.mod.main,
      version: found.version,
      lease: found.lease,
    };
  }

  /** A missing key has no value, and 0 for the rest. Of a range every key must match. */
  holds(compare: Compare, latest: Revision): boolean {
    let some = false;
    for (const found of this.versions(compare, latest, latest)) {
      some = true;
      if (!this.#matches(compare, found)) return false;
    }
    return some || (compare.against.target !== 'value' && this.#matches(compare, missing));
  }

  #versionOf(row: Uint8Array, at: Revision, latest: Revision): Version | undefined {
    if (at < latest) return this.#history.versionAt(decodeHead(row), at);
    return isLive(row) ? decodeVersion(row) : undefined;
  }

  #valueOf({ value, mod }: Found): Uint8Array {
    return value ?? this.#history.valueAt(mod);
  }

  /** Keys made less keys deleted after a revision. */
  #growth(range: KeyRange, at: Revision): number {
    const { from, to } = boundsOf(range);
    const within = (key: Uint8Array): boolean =>
      (from === undefined || Buffer.compare(key, from) >= 0) && (to === undefined || Buffer.compare(key, to) < 0);
    let growth = 0;
    for (const [, record] of this.#history.since(revision(at + 1))) {
      if (record.version > 1 || !within(record.key)) continue;
      growth += record.tombstone ? -1 : 1;
    }
    return growth;
  }

  #countPage(op: Range, kvs: readonly KeyValue[], at: Revision, latest: Revision): number {
    const end = op.end === undefined ? '' : textOf(op.end);
    const place = (start: string): string => `${at}/${start.length}/${start}${end}`;
    const count = this.#left.get(place(textOf(op.key))) ?? this.count(op, at, latest);
    const last = kvs.at(-1);
    if (last !== undefined) this.#left.set(place(`${textOf(last.key)}\0`), count - kvs.length);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= pagesMax) break;
      this.#left.delete(oldest);
    }
    return count;
  }

  #matches({ against, result }: Compare, found: Found): boolean {
    const order = orderOf(against, found, () => this.#valueOf(found));
    switch (result) {
      case 'equal':
        return order === 0;
      case 'not-equal':
        return order !== 0;
      case 'greater':
        return order > 0;
      case 'less':
        return order < 0;
    }
  }
}

/** Throws ClusterError future-revision, compacted. */
export function checkRevision(at: Revision, latest: Revision, compacted: Revision): void {
  if (at <= 0) return;
  const details = { revision: at, latest, compacted };
  if (at > latest) {
    throw new ClusterError('future-revision', `revision ${at} is not there yet, the latest is ${latest}`, details);
  }
  if (at < compacted) {
    throw new ClusterError('compacted', `revision ${at} is compacted, reads go back to ${compacted}`, details);
  }
}

/** Spelled out: a range makes one for each key. */
const foundAt = (key: Uint8Array, version: Version & { readonly value?: Uint8Array }): Found => ({
  key,
  value: version.value,
  mod: version.mod,
  create: version.create,
  version: version.version,
  lease: version.lease,
});

const missing: Found = {
  key: none,
  value: undefined,
  mod: { main: revision(0), sub: 0 },
  create: revision(0),
  version: 0,
  lease: noLease,
};

function orderOf(against: Compare['against'], found: Found, value: () => Uint8Array): number {
  switch (against.target) {
    case 'value':
      return Buffer.compare(value(), against.value);
    case 'lease':
      // Lease ids are signed on the wire, and etcd compares them so.
      return Number(BigInt.asIntN(64, found.lease) - BigInt.asIntN(64, against.lease));
    case 'version':
      return found.version - against.number;
    case 'create':
      return found.create - against.number;
    case 'mod':
      return found.mod.main - against.number;
  }
}

function countOf(items: Iterable<unknown>): number {
  let count = 0;
  for (const _ of items) count++;
  return count;
}
