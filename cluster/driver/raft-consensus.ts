import { encodeCommand } from '../apply/command.js';
import type { Clock } from '../clock.js';
import type { Consensus, ConsensusStatus } from '../consensus.js';
import { ClusterError } from '../errors.js';
import { Measures } from '../measures.js';
import { type ClusterId, idText, type MemberId } from '../numbers.js';
import type { Action, Caller, Outcome } from '../operations/action.js';
import { entryKindOf } from '../operations/members.js';
import type { Proposals } from '../proposals.js';
import type { Driver } from './driver.js';
import type { StateMachine } from './machine.js';
import type { Reads } from './reads.js';
import { type Reach, Timeouts } from './timeouts.js';

export interface ConsensusLimits {
  readonly electionMs: number;
  /** etcd: 5 s and twice the election timeout. */
  readonly requestTimeoutMs: number;
  /** Committed and not yet applied entries above which nothing more is taken (etcd: 5000). */
  readonly applyLagMax: number;
  /** Proposals, and reads, that may wait at the same time. */
  readonly waitingMax: number;
  readonly sweepMs: number;
}

export interface ConsensusParts {
  readonly driver: Driver;
  readonly machine: StateMachine;
  readonly proposals: Proposals;
  readonly reads: Reads;
  readonly clock: Clock;
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly reach: Reach;
  readonly measures?: Measures;
}

const transferPollMs = 20;

/** What api/ asks, on top of the driver: bounded, with a deadline, and answered in every case. */
export class RaftConsensus implements Consensus {
  readonly #parts: ConsensusParts;
  readonly #limits: ConsensusLimits;
  readonly #measures: Measures;
  readonly #stopSweeping: () => void;
  readonly #timeouts: Timeouts;
  #refusal: ClusterError | undefined;

  constructor(parts: ConsensusParts, limits: ConsensusLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#measures = parts.measures ?? new Measures();
    this.#timeouts = new Timeouts({ ...parts, ...limits });
    this.#stopSweeping = parts.clock.every(limits.sweepMs, () => this.#sweep());
  }

  async propose(action: Action, caller: Caller | undefined, signal?: AbortSignal): Promise<Outcome> {
    const { driver, proposals, clock } = this.#parts;
    this.#admit(proposals.size);
    const id = proposals.nextId();
    const data = encodeCommand({ proposal: id, caller, action });
    const outcome = proposals.wait(id, clock.now() + this.#limits.requestTimeoutMs, signal);
    driver.propose({ kind: entryKindOf(action), id, data });
    return outcome;
  }

  async linearize(signal?: AbortSignal): Promise<void> {
    const { driver, reads, clock } = this.#parts;
    this.#admit(reads.size);
    const served = reads.wait(clock.now() + this.#limits.requestTimeoutMs, signal);
    driver.readWaits();
    return served;
  }

  async moveLeader(to: MemberId, signal: AbortSignal): Promise<void> {
    const { driver, clock, memberId, reach } = this.#parts;
    const deadline = clock.now() + this.#limits.requestTimeoutMs;
    driver.transferLeadership(to);
    while (driver.standing.leader !== to) {
      if (this.#refusal !== undefined) throw this.#refusal;
      if (signal.aborted) throw new ClusterError('cancelled', 'the caller gave the transfer up; it may still succeed');
      if (clock.now() >= deadline || (to !== memberId && reach.connectedMs(to) === 0)) {
        throw new ClusterError(
          'timeout-leader-transfer',
          `${idText(to)} does not lead: it may be out of reach or behind`,
        );
      }
      await new Promise<void>((resolve) => void clock.after(transferPollMs, resolve));
    }
  }

  status(): ConsensusStatus {
    const { driver, machine, clusterId, memberId } = this.#parts;
    const { leader, term } = driver.standing;
    return { clusterId, memberId, leader, term, commitIndex: driver.commitIndex, appliedIndex: machine.appliedIndex };
  }

  /** To be told of every change: a wait that outlives a leader gets an error that says so. */
  leaderIs(leader: MemberId): void {
    if (this.#timeouts.leaderIs(leader)) this.#measures.leaderChanges += 1;
  }

  /** Rejects everybody who waits, and everybody who comes later. */
  stop(reason: ClusterError): void {
    this.#refusal = reason;
    this.#stopSweeping();
    this.#parts.proposals.failAll(reason);
    this.#parts.reads.failAll(reason);
  }

  #admit(waiting: number): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { driver, machine } = this.#parts;
    const lag = driver.commitIndex - machine.appliedIndex;
    if (lag > this.#limits.applyLagMax || waiting >= this.#limits.waitingMax) {
      throw new ClusterError('too-many-requests', `${waiting} requests wait, ${lag} entries are to be applied`, {
        waiting,
        lag,
      });
    }
  }

  #sweep(): void {
    const { proposals, reads, clock } = this.#parts;
    proposals.expire(clock.now(), () => this.#timeouts.ofProposal());
    reads.sweep(clock.now(), () => this.#timeouts.ofRead());
  }
}
