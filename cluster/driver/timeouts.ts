import type { Clock } from '../clock.js';
import { ClusterError } from '../errors.js';
import { type MemberId, noMember } from '../numbers.js';

/** What is known of the other members besides what raft says. */
export interface Reach {
  /** For how long there has been a connection to it, in ms; 0 when there is none. */
  connectedMs(id: MemberId): number;
  voters(): readonly MemberId[];
}

export interface TimeoutParts {
  readonly clock: Clock;
  readonly memberId: MemberId;
  readonly reach: Reach;
  readonly electionMs: number;
  readonly requestTimeoutMs: number;
}

/** Why a proposal got no answer in time, as far as this member can tell. etcd tells the same cases apart. */
export class Timeouts {
  readonly #parts: TimeoutParts;
  #leader = noMember;
  #electedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: TimeoutParts) {
    this.#parts = parts;
  }

  /** To be told of every change. @returns whether there is another leader now */
  leaderIs(leader: MemberId): boolean {
    const isAnother = leader !== noMember && leader !== this.#leader;
    if (isAnother) this.#electedAt = this.#parts.clock.now();
    this.#leader = leader;
    return isAnother;
  }

  /** Nothing can have been carried out by it: why does not matter. */
  ofRead(): ClusterError {
    return new ClusterError('timeout', `no answer within ${this.#parts.requestTimeoutMs} ms`);
  }

  /** Of a proposal of `requestTimeoutMs` ago. */
  ofProposal(): ClusterError {
    const { requestTimeoutMs } = this.#parts;
    const what = `no answer within ${requestTimeoutMs} ms`;
    if (this.#leaderWasLost())
      return new ClusterError('timeout-leader-failure', `${what}: the leader was lost meanwhile`);
    if (this.#connectionWasLost()) return new ClusterError('timeout-connection-lost', `${what}: a connection was lost`);
    return this.ofRead();
  }

  /** Asked at most two election timeouts before another leader was there: the one before may have taken it along. */
  #leaderWasLost(): boolean {
    const { clock, electionMs, requestTimeoutMs } = this.#parts;
    const askedAt = clock.now() - requestTimeoutMs;
    return askedAt > this.#electedAt - 2 * electionMs && askedAt < this.#electedAt;
  }

  /** To the leader; of a leader, to so many that no majority is left. */
  #connectionWasLost(): boolean {
    const { memberId, reach } = this.#parts;
    if (this.#leader === noMember) return false;
    if (this.#leader !== memberId) return !this.#isConnected(this.#leader);
    const voters = reach.voters();
    return voters.filter((id) => this.#isConnected(id)).length < Math.floor(voters.length / 2) + 1;
  }

  #isConnected(id: MemberId): boolean {
    const { memberId, reach, requestTimeoutMs } = this.#parts;
    return id === memberId || reach.connectedMs(id) >= requestTimeoutMs;
  }
}
