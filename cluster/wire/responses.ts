import { ClusterError } from '../errors.js';
import { leaseId, noLease, revision } from '../numbers.js';
import type {
  DeleteRangeResult,
  KeyValue,
  OperationResult,
  PutResult,
  RangeResult,
  TxnResult,
} from '../operations/kv.js';
import type { etcdserverpb, mvccpb } from './generated/messages.js';
import { bytesOf } from './key-ranges.js';
import { fromId, toCount, toId } from './long.js';

// The store's results and etcd's response messages, both ways.

export type Header = etcdserverpb.ResponseHeader.$Properties;

export const keyValueOf = (message: mvccpb.KeyValue.$Properties): KeyValue => ({
  key: bytesOf(message.key),
  value: bytesOf(message.value),
  createRevision: revision(toCount(message.createRevision)),
  modRevision: revision(toCount(message.modRevision)),
  version: toCount(message.version),
  lease: leaseId(toId(message.lease)),
});

export const keyValueMessage = (kv: KeyValue): mvccpb.KeyValue.$Properties => ({
  key: kv.key,
  createRevision: kv.createRevision,
  modRevision: kv.modRevision,
  version: kv.version,
  value: kv.value,
  lease: kv.lease === noLease ? 0 : fromId(kv.lease),
});

export const rangeResultOf = (message: etcdserverpb.RangeResponse.$Properties): RangeResult => ({
  kind: 'range',
  kvs: (message.kvs ?? []).map(keyValueOf),
  more: message.more ?? false,
  count: toCount(message.count),
});

export const rangeResponse = (result: RangeResult, header: Header): etcdserverpb.RangeResponse.$Properties => ({
  header,
  kvs: result.kvs.map(keyValueMessage),
  more: result.more,
  count: result.count,
});

export const putResultOf = (message: etcdserverpb.PutResponse.$Properties): PutResult =>
  message.prevKv ? { kind: 'put', prevKv: keyValueOf(message.prevKv) } : { kind: 'put' };

export const putResponse = (result: PutResult, header: Header): etcdserverpb.PutResponse.$Properties =>
  result.prevKv === undefined ? { header } : { header, prevKv: keyValueMessage(result.prevKv) };

export const deleteRangeResultOf = (message: etcdserverpb.DeleteRangeResponse.$Properties): DeleteRangeResult => ({
  kind: 'delete-range',
  deleted: toCount(message.deleted),
  prevKvs: (message.prevKvs ?? []).map(keyValueOf),
});

export const deleteRangeResponse = (
  result: DeleteRangeResult,
  header: Header,
): etcdserverpb.DeleteRangeResponse.$Properties => ({
  header,
  deleted: result.deleted,
  prevKvs: result.prevKvs.map(keyValueMessage),
});

function operationResultOf(message: etcdserverpb.ResponseOp.$Properties): OperationResult {
  if (message.responseRange) return rangeResultOf(message.responseRange);
  if (message.responsePut) return putResultOf(message.responsePut);
  if (message.responseDeleteRange) return deleteRangeResultOf(message.responseDeleteRange);
  if (message.responseTxn) return txnResultOf(message.responseTxn);
  throw new ClusterError('remote', 'an operation of the transaction came back without an answer');
}

/** @throws ClusterError remote when an operation has no answer */
export const txnResultOf = (message: etcdserverpb.TxnResponse.$Properties): TxnResult => ({
  kind: 'txn',
  succeeded: message.succeeded ?? false,
  results: (message.responses ?? []).map(operationResultOf),
});

/** Whether something was written, and thus a new revision made. */
function changes(result: OperationResult): boolean {
  if (result.kind === 'txn') return result.results.some(changes);
  return result.kind === 'put' || (result.kind === 'delete-range' && result.deleted > 0);
}

/**
 * The answers inside a transaction. As in etcd each has a header of only a revision, the store's when that operation was
 * done, and a nested transaction an empty one:
 *
 *     get a, put a, get a   at revision 7   ->   7, 8, 8
 */
function operationResponses(result: TxnResult, after: number): etcdserverpb.ResponseOp.$Properties[] {
  let current = changes(result) ? after - 1 : after;
  const response = (each: OperationResult): etcdserverpb.ResponseOp.$Properties => {
    if (each.kind === 'txn') {
      return { responseTxn: { header: {}, succeeded: each.succeeded, responses: each.results.map(response) } };
    }
    if (changes(each)) current = after;
    const header: Header = { revision: current };
    switch (each.kind) {
      case 'range':
        return { responseRange: rangeResponse(each, header) };
      case 'put':
        return { responsePut: putResponse(each, header) };
      case 'delete-range':
        return { responseDeleteRange: deleteRangeResponse(each, header) };
    }
  };
  return result.results.map(response);
}

/** @param header with the store's revision right after the transaction */
export const txnResponse = (result: TxnResult, header: Header): etcdserverpb.TxnResponse.$Properties => ({
  header,
  succeeded: result.succeeded,
  responses: operationResponses(result, toCount(header.revision)),
});
