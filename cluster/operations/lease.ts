import type { LeaseId, Term } from '../numbers.js';

// Leases in the log. A lease's id and its time are decided before they are proposed; that it has expired, by the leader.

/** etcd's bound, about 285 years. */
export const leaseSecondsMax = 9_000_000_000;

export interface LeaseRemains {
  readonly id: LeaseId;
  /** Of its time; 0: all of it, counted anew. */
  readonly seconds: number;
}

export type LeaseAction =
  /** @throws at apply: lease-exists */
  | { readonly kind: 'lease-grant'; readonly id: LeaseId; readonly seconds: number }
  /** @throws at apply: lease-not-found */
  | { readonly kind: 'lease-revoke'; readonly id: LeaseId }
  /**
   * What only a leader proposes, and means only while it leads: in an entry of another term than `term` it is void. The
   * next leader counts from its own beginning, and may have promised more meanwhile.
   */
  | { readonly kind: 'lease-expire'; readonly ids: readonly LeaseId[]; readonly term: Term }
  | { readonly kind: 'lease-checkpoint'; readonly leases: readonly LeaseRemains[]; readonly term: Term };
