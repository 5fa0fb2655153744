import { revision } from '../numbers.js';
import type { Caller } from '../operations/action.js';
import type { Operation, Txn } from '../operations/kv.js';
import { toCount } from '../wire/long.js';
import { deleteRangeOf, putOf, txnOf } from '../wire/requests.js';
import { deleteRangeResponse, putResponse, txnResponse } from '../wire/responses.js';
import type { kvMethods } from '../wire/services.js';
import { checkKey, checkPut, checkTxn } from './checks.js';
import type { CallContext } from './context.js';
import type { Desk } from './desk.js';
import { holdTxn, rangeHandler } from './range.js';
import type { Handlers } from './services.js';

/** Whether nothing in it writes, so that it needs no place in the log. */
const onlyReads = ({ success, failure }: Txn): boolean => [...success, ...failure].every(reads);
const reads = (operation: Operation): boolean =>
  operation.kind === 'range' || (operation.kind === 'txn' && onlyReads(operation));

/** Whether the caller takes this member's own view for everything in it. Of compares alone nobody has said so. */
function isSerializable({ success, failure }: Txn): boolean {
  const operations = [...success, ...failure];
  return operations.length > 0 && operations.every(isSerializableRead);
}
const isSerializableRead = (operation: Operation): boolean =>
  operation.kind === 'range' ? operation.serializable : operation.kind === 'txn' && isSerializable(operation);

/** etcdserverpb.KV */
export function kvHandlers(
  desk: Desk,
): Handlers<typeof kvMethods, 'range' | 'put' | 'deleteRange' | 'txn' | 'compact'> {
  const { state } = desk;
  const { kv, permissions, alarms, txnOpsMax } = state;

  const readAs = <Response>(
    serializable: boolean,
    context: CallContext,
    read: (caller: Caller | undefined) => Response,
  ) => (serializable ? desk.read(context, read) : desk.readLinearized(context, read));

  return {
    range: rangeHandler(desk),

    async put(request, context) {
      const put = putOf(request);
      checkPut(put);
      const { result, header } = await desk.propose(put, 'put', context);
      return putResponse(result, header);
    },

    async deleteRange(request, context) {
      const operation = deleteRangeOf(request);
      checkKey(operation);
      const { result, header } = await desk.propose(operation, 'delete-range', context);
      return deleteRangeResponse(result, header);
    },

    async txn(request, context) {
      const txn = txnOf(request);
      checkTxn(txn, txnOpsMax);
      if (!onlyReads(txn)) {
        const { result, header } = await desk.propose(txn, 'txn', context);
        return txnResponse(result, header);
      }
      return readAs(isSerializable(txn), context, (caller) => {
        alarms.checkRead();
        permissions.checkTxn(caller, txn);
        const result = kv.apply(txn);
        holdTxn(result, context);
        return txnResponse(result, desk.header());
      });
    },

    async compact(request, context) {
      const at = revision(toCount(request.revision));
      const answer = await desk.change({ kind: 'compact', revision: at }, context);
      if (request.physical) await state.compactionDone(context.signal);
      return answer;
    },
  };
}
