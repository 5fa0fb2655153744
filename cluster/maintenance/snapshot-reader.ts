import { createHash } from 'node:crypto';
import { BoltReader, digestBytes, type Row } from '../bolt/index.js';
import { ClusterError } from '../errors.js';
import { type LeaseId, leaseId, type Revision, revision } from '../numbers.js';
import type { Change, CompactionState, ForeignChange } from '../store/index.js';
import { leasepb } from '../wire/generated/messages.js';
import { toCount, toId } from '../wire/long.js';
import { metaKeys } from './buckets.js';
import { decodeKeyValue, decodeRevision } from './key-value.js';
import { pause } from './pause.js';

const readBytes = 1 << 20;
const portionMax = 250;
const portionBytesMax = 1 << 20;

/** A change of the snapshot's history; a raised revision is marked by one of no key. */
export interface SnapshotChange extends ForeignChange {
  readonly place: Change['place'];
}

export interface SnapshotLease {
  readonly id: LeaseId;
  readonly seconds: number;
  readonly remainingSeconds: number;
}

/** How far a long reading has come. */
export interface Reading {
  readonly signal?: AbortSignal;
  /** `done` and `whole` in bytes. */
  readonly progress?: (done: number, whole: number) => void;
}

/** A snapshot or a database of an etcd, ours or another: what is in it, in our words. */
export class SnapshotReader {
  readonly file: BoltReader;

  /** @throws ClusterError snapshot-refused, snapshot-damaged */
  static open(path: string): SnapshotReader {
    return new SnapshotReader(BoltReader.open(path));
  }

  private constructor(file: BoltReader) {
    this.file = file;
  }

  get path(): string {
    return this.file.path;
  }

  close(): void {
    this.file.close();
  }

  /**
   * The SHA-256 of the database, in hexadecimal, and whether the one behind it says the same: `missing` where there is
   * none, as in a file out of a data folder. @throws ClusterError snapshot-damaged, cancelled
   */
  async digest({ signal, progress }: Reading = {}): Promise<{ readonly sha256: string; readonly missing: boolean }> {
    const { file } = this;
    const end = file.fileBytes - (file.hasDigest ? digestBytes : 0);
    const hash = createHash('sha256');
    for (let at = 0; at < end; at += readBytes) {
      hash.update(file.read(at, Math.min(readBytes, end - at)));
      progress?.(at, end);
      await pause(signal);
    }
    const sha256 = hash.digest();
    if (file.hasDigest && !sha256.equals(file.read(end, digestBytes))) {
      const [said, is] = [file.read(end, digestBytes).toString('hex'), sha256.toString('hex')];
      throw this.damaged(`its SHA-256 is ${is}, not ${said} as its end says: it was changed after it was taken`);
    }
    return { sha256: sha256.toString('hex'), missing: !file.hasDigest };
  }

  /** etcd's storage version, '' before 3.6. */
  get version(): string {
    return Buffer.from(this.#meta(metaKeys.version) ?? '').toString();
  }

  /** A compaction that was under way is taken for what it was to become. */
  get compaction(): CompactionState {
    const finished = this.#revisionOf(metaKeys.finished);
    const scheduled = this.#revisionOf(metaKeys.scheduled);
    if (finished === undefined && scheduled === undefined) return { compacted: undefined, swept: revision(0) };
    const [swept, compacted] = [finished ?? revision(0), revision(Math.max(finished ?? 0, scheduled ?? 0))];
    return { compacted, swept };
  }

  /** In portions, in the order of the changes. */
  *changes(): Generator<readonly SnapshotChange[]> {
    for (const portion of portions(this.file.rows('key'))) yield portion.map((row) => this.#change(row));
  }

  leases(): readonly SnapshotLease[] {
    return [...this.file.rows('lease')].map(([, value]) => {
      const { ID, TTL, RemainingTTL } = this.#decoded('a lease', () => leasepb.Lease.decode(value));
      return { id: leaseId(toId(ID)), seconds: toCount(TTL), remainingSeconds: toCount(RemainingTTL) };
    });
  }

  damaged(what: string): ClusterError {
    const hint = 'take another copy of it, or a snapshot anew: quorate snapshot save';
    return new ClusterError('snapshot-damaged', `${this.path} is damaged: ${what}`, { path: this.path }, { hint });
  }

  #change([key, value]: Row): SnapshotChange {
    const at = decodeRevision(key);
    if (at === undefined) throw this.damaged(`its bucket "key" has a row that is no revision: ${hex(key)}`);
    const { place, tombstone } = at;
    const where = `the change at revision ${place.main}`;
    return { place, tombstone, ...this.#decoded(where, () => decodeKeyValue(value)) };
  }

  #meta(name: string): Uint8Array | undefined {
    for (const [key, value] of this.file.rows('meta')) if (Buffer.from(key).toString() === name) return value;
    return undefined;
  }

  #revisionOf(name: string): Revision | undefined {
    const value = this.#meta(name);
    if (value === undefined) return undefined;
    const at = decodeRevision(value);
    if (at === undefined) throw this.damaged(`${name} is no revision: ${hex(value)}`);
    return at.place.main;
  }

  #decoded<Result>(what: string, decode: () => Result): Result {
    try {
      return decode();
    } catch (cause) {
      throw this.damaged(`${what} can't be read: ${cause instanceof Error ? cause.message : cause}`);
    }
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 40)).toString('hex');

/** So many rows that it is worth a turn, and no more. */
export function* portions(rows: Iterable<Row>): Generator<readonly Row[]> {
  let portion: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    portion.push(row);
    bytes += row[0].length + row[1].length;
    if (portion.length < portionMax && bytes < portionBytesMax) continue;
    yield portion;
    portion = [];
    bytes = 0;
  }
  if (portion.length > 0) yield portion;
}
