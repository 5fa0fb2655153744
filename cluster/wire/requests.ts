import { ClusterError } from '../errors.js';
import { leaseId, type Revision, revision } from '../numbers.js';
import type { DeleteRange, Operation, Put, Range, SortOrder, SortTarget, Txn } from '../operations/kv.js';
import { compareMessage, compareOf } from './compares.js';
import type { etcdserverpb } from './generated/messages.js';
import { bytesOf, keyRangeFields, keyRangeOf } from './key-ranges.js';
import { fromId, toCount, toId } from './long.js';

// The store's operations and etcd's request messages, both ways: `putOf` reads a message, `putMessage` makes one.
// Keys and values are views of the decoded buffer, not copies.

const orders: readonly SortOrder[] = ['none', 'ascend', 'descend'];
const targets: readonly SortTarget[] = ['key', 'version', 'create', 'mod', 'value'];

const revisionOf = (value: Parameters<typeof toCount>[0]): Revision => revision(toCount(value));

function named<Name>(names: readonly Name[], number: number | null | undefined, field: string): Name {
  const name = names[number ?? 0];
  if (name === undefined)
    throw new ClusterError('invalid-sort-option', `${field} has no option ${number}`, { field, number });
  return name;
}

/** @throws ClusterError invalid-sort-option */
export const rangeOf = (message: etcdserverpb.RangeRequest.$Properties): Range => ({
  kind: 'range',
  ...keyRangeOf(message),
  limit: toCount(message.limit),
  revision: revisionOf(message.revision),
  order: named(orders, message.sortOrder, 'sort_order'),
  target: named(targets, message.sortTarget, 'sort_target'),
  serializable: message.serializable ?? false,
  keysOnly: message.keysOnly ?? false,
  countOnly: message.countOnly ?? false,
  minModRevision: revisionOf(message.minModRevision),
  maxModRevision: revisionOf(message.maxModRevision),
  minCreateRevision: revisionOf(message.minCreateRevision),
  maxCreateRevision: revisionOf(message.maxCreateRevision),
});

export const rangeMessage = (range: Range): etcdserverpb.RangeRequest.$Properties => ({
  limit: range.limit,
  revision: range.revision,
  sortOrder: orders.indexOf(range.order),
  sortTarget: targets.indexOf(range.target),
  serializable: range.serializable,
  keysOnly: range.keysOnly,
  countOnly: range.countOnly,
  minModRevision: range.minModRevision,
  maxModRevision: range.maxModRevision,
  minCreateRevision: range.minCreateRevision,
  maxCreateRevision: range.maxCreateRevision,
  ...keyRangeFields(range),
});

export const putOf = (message: etcdserverpb.PutRequest.$Properties): Put => ({
  kind: 'put',
  key: bytesOf(message.key),
  value: bytesOf(message.value),
  lease: leaseId(toId(message.lease)),
  prevKv: message.prevKv ?? false,
  ignoreValue: message.ignoreValue ?? false,
  ignoreLease: message.ignoreLease ?? false,
});

export const putMessage = (put: Put): etcdserverpb.PutRequest.$Properties => ({
  key: put.key,
  value: put.value,
  lease: fromId(put.lease),
  prevKv: put.prevKv,
  ignoreValue: put.ignoreValue,
  ignoreLease: put.ignoreLease,
});

export const deleteRangeOf = (message: etcdserverpb.DeleteRangeRequest.$Properties): DeleteRange => ({
  kind: 'delete-range',
  ...keyRangeOf(message),
  prevKv: message.prevKv ?? false,
});

export const deleteRangeMessage = (operation: DeleteRange): etcdserverpb.DeleteRangeRequest.$Properties => ({
  prevKv: operation.prevKv,
  ...keyRangeFields(operation),
});

/** @throws ClusterError key-not-found for an operation that says nothing (as etcd does), and what `rangeOf` throws */
export function operationOf(message: etcdserverpb.RequestOp.$Properties): Operation {
  if (message.requestRange) return rangeOf(message.requestRange);
  if (message.requestPut) return putOf(message.requestPut);
  if (message.requestDeleteRange) return deleteRangeOf(message.requestDeleteRange);
  if (message.requestTxn) return txnOf(message.requestTxn);
  throw new ClusterError('key-not-found', 'an operation of the transaction says nothing');
}

export function operationMessage(operation: Operation): etcdserverpb.RequestOp.$Properties {
  switch (operation.kind) {
    case 'range':
      return { requestRange: rangeMessage(operation) };
    case 'put':
      return { requestPut: putMessage(operation) };
    case 'delete-range':
      return { requestDeleteRange: deleteRangeMessage(operation) };
    case 'txn':
      return { requestTxn: txnMessage(operation) };
  }
}

/** @throws what `operationOf` and `compareOf` throw */
export const txnOf = (message: etcdserverpb.TxnRequest.$Properties): Txn => ({
  kind: 'txn',
  compare: (message.compare ?? []).map(compareOf),
  success: (message.success ?? []).map(operationOf),
  failure: (message.failure ?? []).map(operationOf),
});

export const txnMessage = (txn: Txn): etcdserverpb.TxnRequest.$Properties => ({
  compare: txn.compare.map(compareMessage),
  success: txn.success.map(operationMessage),
  failure: txn.failure.map(operationMessage),
});
