import { leaseId } from '../numbers.js';
import { fromId, toId } from '../wire/long.js';
import type { RequestOf, ResponseOf } from '../wire/method.js';
import type { leaseMethods } from '../wire/services.js';
import type { BidirectionalHandler, CallContext } from './context.js';
import type { Desk } from './desk.js';
import { inOrder } from './in-order.js';

type KeepAlive = (typeof leaseMethods)['leaseKeepAlive'];

/** Of one stream. A client has one for all its leases, and asks for them at the same time. */
const openMax = 256;

/** etcdserverpb.Lease/LeaseKeepAlive: a lease that is gone is told by a TTL of 0, and no error. */
export function keepAliveHandler(desk: Desk): BidirectionalHandler<RequestOf<KeepAlive>, ResponseOf<KeepAlive>> {
  const { leaseKeeper } = desk.state;
  const keepAlive = async ({ ID }: RequestOf<KeepAlive>, context: CallContext) => {
    // As of before: nobody must be told that a lease was kept alive at a revision at which it was revoked already.
    const header = desk.header();
    const id = leaseId(toId(ID));
    const seconds = await desk.elsewhere(context, (caller) => leaseKeeper.renew(id, caller));
    return { header, ID: fromId(id), TTL: seconds ?? 0 };
  };
  return async (requests, context, replies) => {
    const answers = inOrder(requests, openMax, (request) => keepAlive(request, context));
    for await (const answer of answers) await replies.send(answer);
  };
}
