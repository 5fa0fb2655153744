import { leaseId } from '../numbers.js';
import { toId } from '../wire/long.js';
import type { lockMethods } from '../wire/services.js';
import { checkKey } from './checks.js';
import type { Desk } from './desk.js';
import { throughClient, unknown } from './inner-client.js';
import { drawLeaseId } from './lease.js';
import { leaseFor, Queue } from './queue.js';
import type { Handlers } from './services.js';

const lost = () => unknown('mutex: session is expired');
const noValue = new Uint8Array(0);

/** v3lockpb.Lock */
export function lockHandlers(desk: Desk): Handlers<typeof lockMethods> {
  return {
    lock: throughClient(async ({ name, lease }, context) => {
      const session = await leaseFor(desk, leaseId(toId(lease)), drawLeaseId, context);
      const queue = new Queue(desk, name, context);
      const place = await queue.enter(session, noValue);
      const { key } = place;
      if (place.isFirst) return { header: place.header, key };
      try {
        return { header: await queue.untilFirst(place, lost), key };
      } catch (error) {
        await queue.giveUp(place);
        throw error;
      }
    }),

    /** Deletes the key, whatever it is: as etcd does. */
    unlock: throughClient(async ({ key }, context) => {
      checkKey({ key });
      const { header } = await desk.propose({ kind: 'delete-range', key, prevKv: false }, 'delete-range', context);
      return { header };
    }),
  };
}
