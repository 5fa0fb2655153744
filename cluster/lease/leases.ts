import { ClusterError } from '../errors.js';
import { idText, type LeaseId, leaseId, noLease } from '../numbers.js';
import { leaseSecondsMax } from '../operations/lease.js';
import type { Table, TableSource } from '../tables.js';

export interface Lease {
  readonly id: LeaseId;
  /** As granted. */
  readonly seconds: number;
  /** What was left at the last checkpoint; 0: there was none since the lease was last kept alive. */
  readonly remainingSeconds: number;
}

/** Follows the leases that come and go: a member's own, and no part of the replicated state. */
export interface LeaseFollower {
  granted(lease: Lease): void;
  revoked(id: LeaseId): void;
  /** A snapshot has brought others. */
  replaced(): void;
}

/** The cluster's leases: changed by apply/ only. Knows no time that passes, and not which keys they are attached to. */
export class Leases {
  readonly #follower: LeaseFollower;
  #rows: Table;

  constructor(tables: TableSource, follower: LeaseFollower) {
    this.#follower = follower;
    this.#rows = tables('leases');
  }

  has(id: LeaseId): boolean {
    return id !== noLease && this.#rows.get(rowKey(id)) !== undefined;
  }

  get(id: LeaseId): Lease | undefined {
    const row = id === noLease ? undefined : this.#rows.get(rowKey(id));
    return row && leaseOf(id, row);
  }

  *list(): Generator<Lease> {
    for (const [key, row] of this.#rows.range()) yield leaseOf(leaseId(asBuffer(key).readBigInt64BE()), row);
  }

  /** @throws ClusterError lease-exists, lease-ttl-too-large, lease-not-found (0 is no lease) */
  grant(id: LeaseId, seconds: number): void {
    if (id === noLease) throw notFound(id);
    checkLeaseSeconds(seconds);
    if (this.has(id)) throw new ClusterError('lease-exists', `there is a lease ${idText(id)} already`, { lease: id });
    const lease = { id, seconds, remainingSeconds: 0 };
    this.#put(lease);
    this.#follower.granted(lease);
  }

  /** @throws ClusterError lease-not-found */
  require(id: LeaseId): Lease {
    const lease = this.get(id);
    if (lease === undefined) throw notFound(id);
    return lease;
  }

  remove(id: LeaseId): void {
    this.#rows.delete(rowKey(id));
    this.#follower.revoked(id);
  }

  /** Notes what is left of a lease, if it is still there. */
  checkpoint(id: LeaseId, remainingSeconds: number): void {
    const lease = this.get(id);
    if (lease !== undefined) this.#put({ ...lease, remainingSeconds });
  }

  /** Goes over to the tables of an installed snapshot. */
  reload(tables: TableSource): void {
    this.#rows = tables('leases');
    this.#follower.replaced();
  }

  #put({ id, seconds, remainingSeconds }: Lease): void {
    const row = Buffer.alloc(16);
    row.writeBigInt64BE(BigInt(seconds), 0);
    row.writeBigInt64BE(BigInt(remainingSeconds), 8);
    this.#rows.put(rowKey(id), row);
  }
}

/** @throws ClusterError lease-ttl-too-large */
export function checkLeaseSeconds(seconds: number): void {
  if (seconds <= leaseSecondsMax) return;
  const message = `${seconds} s are more than a lease may have, ${leaseSecondsMax} s`;
  throw new ClusterError('lease-ttl-too-large', message, { seconds });
}

const notFound = (id: LeaseId): ClusterError =>
  new ClusterError('lease-not-found', `there is no lease ${idText(id)}`, { lease: id });

function rowKey(id: LeaseId): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigInt64BE(id);
  return key;
}

function leaseOf(id: LeaseId, row: Uint8Array): Lease {
  const bytes = asBuffer(row);
  return { id, seconds: Number(bytes.readBigInt64BE(0)), remainingSeconds: Number(bytes.readBigInt64BE(8)) };
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
