import { ClusterError } from '../errors.js';
import type { KeyRange, Operation, Put, Txn } from '../operations/kv.js';
import { checkOverlaps } from '../store/index.js';

// What etcd refuses by the look of a request, before it asks who sends it. All throw ClusterError.

export function checkKey({ key }: KeyRange): void {
  if (key.length === 0) throw new ClusterError('empty-key', 'the request names no key');
}

export function checkPut(put: Put): void {
  checkKey(put);
  if (put.ignoreValue && put.value.length > 0) {
    throw new ClusterError('value-provided', 'the value is to be kept, but one is given');
  }
  if (put.ignoreLease && put.lease !== 0n) {
    throw new ClusterError('lease-provided', 'the lease is to be kept, but one is given');
  }
}

/** All that is wrong with a transaction before anybody has looked at the keys, in etcd's order. */
export function checkTxn(txn: Txn, opsMax: number): void {
  checkParts(txn, opsMax);
  checkOverlaps(txn);
}

/** @param budget operations that are left: what a transaction uses up its nested ones lack */
function checkParts({ compare, success, failure }: Txn, budget: number): void {
  const count = Math.max(compare.length, success.length, failure.length);
  if (count > budget) {
    const message = `a transaction of ${count} operations, ${budget} are allowed here`;
    throw new ClusterError('too-many-ops', message, { count, budget }, { hint: 'split it, or raise --max-txn-ops' });
  }
  for (const range of compare) checkKey(range);
  for (const operation of success) checkOperation(operation, budget - count);
  for (const operation of failure) checkOperation(operation, budget - count);
}

function checkOperation(operation: Operation, budget: number): void {
  if (operation.kind === 'txn') checkParts(operation, budget);
  else if (operation.kind === 'put') checkPut(operation);
  else checkKey(operation);
}
