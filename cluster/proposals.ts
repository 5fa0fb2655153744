import type { ProposalId } from './apply/command.js';
import { ClusterError } from './errors.js';
import { Measures } from './measures.js';
import type { MemberId } from './numbers.js';
import type { Outcome } from './operations/action.js';

interface Waiter {
  readonly deadline: number;
  resolve(outcome: Outcome): void;
  reject(error: ClusterError): void;
}

/** The callers that wait for their entry to be applied here, by the id that the entry carries. */
export class Proposals {
  readonly #proposer: MemberId;
  // In order of opening, so in order of deadline: the first is always the next to expire.
  readonly #waiters = new Map<number, Waiter>();
  readonly #measures: Measures;
  #sequence: number;

  /** `firstSequence` is to be drawn at random at each start: an entry of the life before must find nobody. */
  constructor(proposer: MemberId, firstSequence: number, measures = new Measures()) {
    this.#proposer = proposer;
    this.#sequence = firstSequence;
    this.#measures = measures;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** Whether its caller still waits. */
  has({ sequence }: ProposalId): boolean {
    return this.#waiters.has(sequence);
  }

  nextId(): ProposalId {
    this.#sequence += 1;
    return { proposer: this.#proposer, sequence: this.#sequence };
  }

  /** `deadline` on the driver's clock; not earlier than that of the wait before. Rejects with ClusterError. */
  wait({ sequence }: ProposalId, deadline: number, signal: AbortSignal | undefined): Promise<Outcome> {
    if (signal?.aborted) return Promise.reject(givenUp());
    signal?.addEventListener('abort', () => this.#reject(sequence, givenUp()), { once: true });
    return new Promise((resolve, reject) => {
      this.#waiters.set(sequence, { deadline, resolve, reject });
    });
  }

  /** Nobody waits for other members' proposals, nor for those that expired: both are passed over. */
  settle(id: ProposalId, result: Outcome | ClusterError): void {
    if (id.proposer !== this.#proposer) return;
    const waiter = this.#waiters.get(id.sequence);
    if (waiter === undefined) return;
    this.#waiters.delete(id.sequence);
    if (result instanceof ClusterError) waiter.reject(result);
    else waiter.resolve(result);
  }

  /** A proposal that expires may still be applied later: the caller can't know, and is told so by the error. */
  expire(now: number, refusal: () => ClusterError): void {
    for (const [sequence, waiter] of this.#waiters) {
      if (waiter.deadline > now) return;
      this.#reject(sequence, refusal());
    }
  }

  failAll(error: ClusterError): void {
    for (const sequence of [...this.#waiters.keys()]) this.#reject(sequence, error);
  }

  #reject(sequence: number, error: ClusterError): void {
    const waiter = this.#waiters.get(sequence);
    if (waiter === undefined) return;
    this.#waiters.delete(sequence);
    this.#measures.proposalsFailed += 1;
    waiter.reject(error);
  }
}

const givenUp = () => new ClusterError('cancelled', 'the caller gave the proposal up; it may still be applied');
