import { randomFillSync } from 'node:crypto';
import { checkLeaseSeconds } from '../lease/index.js';
import { type LeaseId, leaseId, noLease } from '../numbers.js';
import { fromId, toCount, toId, type Wide } from '../wire/long.js';
import type { leaseMethods } from '../wire/services.js';
import type { Desk } from './desk.js';
import type { Handlers } from './services.js';

/** etcdserverpb.Lease */
export function leaseHandlers(
  desk: Desk,
): Handlers<typeof leaseMethods, 'leaseGrant' | 'leaseRevoke' | 'leaseTimeToLive' | 'leaseLeases'> {
  const { leases, leaseKeeper, leaseSecondsMin, kv, permissions } = desk.state;
  return {
    /** Shorter than any lease may be is not refused, but granted longer. */
    async leaseGrant({ ID, TTL }, context) {
      await desk.checkNamed(context);
      const id = idOf(ID) === noLease ? drawLeaseId() : idOf(ID);
      const seconds = Math.max(leaseSecondsMin, toCount(TTL));
      checkLeaseSeconds(seconds);
      const { header } = await desk.change({ kind: 'lease-grant', id, seconds }, context);
      return { header, ID: fromId(id), TTL: seconds };
    },

    leaseRevoke: ({ ID }, context) => desk.change({ kind: 'lease-revoke', id: idOf(ID) }, context),

    /** Of a lease that is gone the answer is -1, and no error. */
    async leaseTimeToLive({ ID, keys }, context) {
      await desk.checkNamed(context);
      const id = idOf(ID);
      const known = await desk.readLinearized(context, (caller) => {
        if (keys) permissions.checkLeasesRead(caller, [id]);
        return { lease: leases.get(id), keys: keys ? kv.keysOf(id) : [] };
      });
      const seconds = known.lease && (await leaseKeeper.remaining(id));
      const header = desk.header();
      if (known.lease === undefined || seconds === undefined) return { header, ID: fromId(id), TTL: -1 };
      return { header, ID: fromId(id), TTL: seconds, grantedTTL: known.lease.seconds, keys: [...known.keys] };
    },

    /**
     * In the order in which they end, as in etcd. What a lease is attached to says something of these keys, and so does
     * that there is a lease.
     */
    leaseLeases: (_, context) =>
      desk.readLinearized(context, (caller) => {
        const all = leaseKeeper.inOrder([...leases.list()]);
        permissions.checkLeasesRead(
          caller,
          all.map(({ id }) => id),
        );
        return { header: desk.header(), leases: all.map(({ id }) => ({ ID: fromId(id) })) };
      }),
  };
}

const idOf = (field: Wide | null | undefined): LeaseId => leaseId(toId(field));

const drawn = Buffer.alloc(8);

/** As etcd's: positive. One that exists is refused like one that a client has chosen, once in 2^63 draws. */
export function drawLeaseId(): LeaseId {
  randomFillSync(drawn);
  return leaseId(BigInt.asUintN(63, drawn.readBigUInt64BE()) || 1n);
}
