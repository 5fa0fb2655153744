import type { Leases } from '../lease/leases.js';
import type { LeaseId, Term } from '../numbers.js';
import type { LeaseAction } from '../operations/lease.js';
import type { Kv } from '../store/kv.js';

export interface LeaseParts {
  readonly leases: Leases;
  readonly kv: Pick<Kv, 'deleteKeysOf'>;
}

/**
 * Carries out what was permitted; `term` is the entry's own. What a leader has decided by its clock counts in its own
 * term only: a proposal that went to the next leader instead would end a lease that was kept alive there.
 */
export function carryOutLease(parts: LeaseParts, action: LeaseAction, term: Term): void {
  const { leases } = parts;
  switch (action.kind) {
    case 'lease-grant':
      leases.grant(action.id, action.seconds);
      break;
    case 'lease-revoke':
      revoke(parts, leases.require(action.id).id);
      break;
    case 'lease-expire':
      if (action.term === term) for (const id of action.ids) if (leases.has(id)) revoke(parts, id);
      break;
    case 'lease-checkpoint':
      if (action.term === term) for (const { id, seconds } of action.leases) leases.checkpoint(id, seconds);
  }
}

/** The keys go at one revision, of that lease alone. */
function revoke({ leases, kv }: LeaseParts, id: LeaseId): void {
  kv.deleteKeysOf(id);
  leases.remove(id);
}
