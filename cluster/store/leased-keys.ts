import { type LeaseId, noLease } from '../numbers.js';
import type { Table, TableSource } from '../tables.js';
import { type Place, placeBytes, placeKey, type Version } from './records.js';

type Attached = Pick<Version, 'lease' | 'mod'>;

/**
 * Which keys a lease is attached to. A row has the lease and the place of the key's latest record, and holds the key:
 * that fits whatever the length of the key, and a head says by itself which row is its own.
 *
 *     put a (lease 5) at 9,0   put b (lease 5) at 10,0   put a (lease 5) at 11,0
 *     5·9,0 = a                5·9,0 = a  5·10,0 = b     5·10,0 = b  5·11,0 = a
 */
export class LeasedKeys {
  readonly #rows: Table;

  constructor(tables: TableSource) {
    this.#rows = tables('leased-keys');
  }

  attach({ lease, mod }: Attached, key: Uint8Array): void {
    // A copy: a row that is not in the file yet would keep the whole log entry that the key is a view of.
    if (lease !== noLease) this.#rows.put(rowKey(lease, mod), Buffer.from(key));
  }

  detach({ lease, mod }: Attached): void {
    if (lease !== noLease) this.#rows.delete(rowKey(lease, mod));
  }

  /** In order of the keys, as members must delete them in one and the same order. */
  of(lease: LeaseId): readonly Uint8Array[] {
    const keys = Array.from(this.#rows.range(rowsOf(lease)), ([, key]) => key);
    return keys.sort(Buffer.compare);
  }

  count(lease: LeaseId, max: number): number {
    let count = 0;
    for (const _ of this.#rows.range(rowsOf(lease))) if (++count >= max) break;
    return count;
  }
}

const leaseBytes = 8;

function rowKey(lease: LeaseId, place: Place): Buffer {
  const row = Buffer.allocUnsafe(leaseBytes + placeBytes);
  row.writeBigInt64BE(lease);
  row.set(placeKey(place), leaseBytes);
  return row;
}

function rowsOf(lease: LeaseId): { readonly from: Buffer; readonly to: Buffer } {
  const from = Buffer.alloc(leaseBytes);
  from.writeBigInt64BE(lease);
  const to = Buffer.alloc(leaseBytes + placeBytes, 0xff);
  to.writeBigInt64BE(lease);
  return { from, to };
}
