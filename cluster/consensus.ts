import type { ClusterId, Index, MemberId, Term } from './numbers.js';
import type { Action, Caller, Outcome } from './operations/action.js';

/** What api/ may ask of the replicated log; proposals/ and the driver answer. */
export interface Consensus {
  /**
   * Resolves once the action is applied on this member. Rejects with ClusterError: whatever apply refused it for,
   * or no-leader, too-many-requests, request-too-large, timeout, stopped, cancelled.
   */
  propose(action: Action, caller: Caller | undefined, signal?: AbortSignal): Promise<Outcome>;
  /** Resolves once everything committed before the call is applied here (ReadIndex, thesis 6.4). */
  linearize(signal?: AbortSignal): Promise<void>;
  /**
   * Hands this member's leadership over. Resolves once the other leads; rejects with ClusterError: timeout-leader-transfer,
   * cancelled, stopped.
   */
  moveLeader(to: MemberId, signal: AbortSignal): Promise<void>;
  status(): ConsensusStatus;
}

export interface ConsensusStatus {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /** 0: unknown. */
  readonly leader: MemberId;
  readonly term: Term;
  readonly commitIndex: Index;
  readonly appliedIndex: Index;
}
