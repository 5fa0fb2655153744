import { ClusterError } from '../errors.js';
import type { KeyRange, Operation, Put, Txn } from '../operations/kv.js';
import { checkTxn as checkWrites } from '../store/index.js';

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

/** All that is wrong with a transaction before anybody has looked at the keys. */
export function checkTxn(txn: Txn, opsMax: number): void {
  checkWrites(txn, opsMax);
  checkParts(txn);
}

function checkParts({ compare, success, failure }: Txn): void {
  for (const range of compare) checkKey(range);
  for (const operation of [...success, ...failure]) checkOperation(operation);
}

function checkOperation(operation: Operation): void {
  if (operation.kind === 'txn') checkParts(operation);
  else if (operation.kind === 'put') checkPut(operation);
  else checkKey(operation);
}
