import type { Action } from '../operations/action.js';
import type { Operation } from '../operations/kv.js';

/** etcd's estimate of what the store takes for a record besides key and value. */
const recordBytes = 256;
/** … and for a lease. */
const leaseBytes = 64;

/**
 * Bytes that an action may add to the store: of a transaction's costlier branch, with all that is nested in it.
 * 0: it adds none, and is carried out however full the store is.
 */
export function costOf(action: Action | Operation): number {
  switch (action.kind) {
    case 'put':
      return recordBytes + action.key.length + action.value.length;
    case 'txn':
      return Math.max(sum(action.success), sum(action.failure));
    case 'lease-grant':
      return leaseBytes;
    default:
      return 0;
  }
}

const sum = (operations: readonly Operation[]): number =>
  operations.reduce((total, operation) => total + costOf(operation), 0);
