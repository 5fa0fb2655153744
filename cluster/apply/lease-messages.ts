import { leaseId, term } from '../numbers.js';
import type { LeaseAction } from '../operations/lease.js';
import type { quorate } from '../wire/generated/messages.js';
import { fromId, toCount, toId } from '../wire/long.js';

// Leases as they lie in the log.

type Fields = quorate.Command.$Properties;

export function leaseMessage(action: LeaseAction): Fields {
  switch (action.kind) {
    case 'lease-grant':
      return { leaseGrant: { id: fromId(action.id), ttl: action.seconds } };
    case 'lease-revoke':
      return { leaseRevoke: { ids: [fromId(action.id)] } };
    case 'lease-expire':
      return { leaseRevoke: { ids: action.ids.map(fromId), term: action.term } };
    case 'lease-checkpoint': {
      const leases = action.leases.map(({ id, seconds }) => ({ id: fromId(id), seconds }));
      return { leaseCheckpoint: { leases, term: action.term } };
    }
  }
}

/** Undefined when the message holds none of these. */
export function leaseActionOf({ leaseGrant, leaseRevoke, leaseCheckpoint }: Fields): LeaseAction | undefined {
  if (leaseGrant) return { kind: 'lease-grant', id: leaseId(toId(leaseGrant.id)), seconds: toCount(leaseGrant.ttl) };
  if (leaseRevoke) {
    const ids = (leaseRevoke.ids ?? []).map((id) => leaseId(toId(id)));
    const decidedIn = toCount(leaseRevoke.term);
    if (decidedIn > 0) return { kind: 'lease-expire', ids, term: term(decidedIn) };
    const [id, ...more] = ids;
    if (id === undefined || more.length > 0) throw new Error(`a client revokes one lease at a time, not ${ids.length}`);
    return { kind: 'lease-revoke', id };
  }
  if (leaseCheckpoint) {
    const leases = (leaseCheckpoint.leases ?? []).map(({ id, seconds }) => ({
      id: leaseId(toId(id)),
      seconds: toCount(seconds),
    }));
    return { kind: 'lease-checkpoint', leases, term: term(toCount(leaseCheckpoint.term)) };
  }
  return undefined;
}
