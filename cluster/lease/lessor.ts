import type { Cancel, Clock } from '../clock.js';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { LeaseMeasures } from '../measures.js';
import type { LeaseId, Term } from '../numbers.js';
import type { LeaseAction } from '../operations/lease.js';
import type { Deadlines } from './deadlines.js';
import type { Leases } from './leases.js';

export interface LessorParts {
  readonly leases: Leases;
  readonly deadlines: Deadlines;
  /** How many keys a lease is attached to; need count no further than `max`. */
  readonly countKeysOf: (lease: LeaseId, max: number) => number;
  /** Resolves once the action is applied here. */
  readonly propose: (action: LeaseAction) => Promise<unknown>;
  /** Resolves once everything committed before the call is applied here. */
  readonly linearize: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a new leader gives to each lease on top. */
  readonly extendMs: number;
  readonly measures?: LeaseMeasures;
}

/** How often the deadlines are looked at. */
const lookMs = 200;
/** What one entry of the log revokes: leases, and keys unless a single lease has more. */
const leasesMax = 1000;
const keysMax = 10_000;
const retryMs = 1000;

/** Ends leases whose time is over, and notes what is left of long ones, while its member leads. */
export class Lessor {
  readonly #parts: LessorParts;
  readonly #stop: Cancel;
  /** In which term the raft leads, and in which one this does. */
  #elected: Term | undefined;
  #term: Term | undefined;
  #busy = false;

  constructor(parts: LessorParts) {
    this.#parts = parts;
    this.#stop = parts.clock.every(lookMs, () => void this.#look());
  }

  /** To be told when the member begins to lead in a term, and when it leads no longer. */
  leadsIn(term: Term | undefined): void {
    if (term === this.#elected) return;
    this.#elected = term;
    this.#term = undefined;
    this.#parts.deadlines.follow();
    if (term !== undefined) void this.#begin(term);
  }

  /** @throws ClusterError not-leader */
  leading(): Term {
    if (this.#term === undefined) throw notLeader();
    return this.#term;
  }

  /** @throws ClusterError not-leader, when another term has begun or this member follows */
  assertLeads(term: Term): void {
    if (this.#term !== term) throw notLeader();
  }

  /**
   * To be done before leases are promised their whole time again: the next leader must know of that. Goes through the log
   * for those that have a checkpoint, which only long ones do.
   */
  async clearCheckpoints(ids: readonly LeaseId[], term: Term): Promise<void> {
    const { propose, deadlines } = this.#parts;
    for (;;) {
      const leases = deadlines.takeCheckpointed(ids).map((id) => ({ id, seconds: 0 }));
      if (leases.length === 0) return;
      try {
        await propose({ kind: 'lease-checkpoint', leases, term });
      } catch (error) {
        deadlines.giveBackCheckpointed(ids);
        throw error;
      }
    }
  }

  stop(): void {
    this.#stop();
    this.leadsIn(undefined);
  }

  /**
   * The deadlines are counted from the leases as all earlier leaders have left them: what those have noted in the log is
   * to be applied first. A leader that can't find that out has something else to do.
   */
  async #begin(term: Term): Promise<void> {
    const { linearize, deadlines, leases, extendMs, clock, logger } = this.#parts;
    try {
      await linearize();
    } catch (error) {
      if (this.#elected !== term) return;
      logger.warn('a new leader could not take over the leases, trying again', { error });
      clock.after(retryMs, () => {
        if (this.#elected === term) void this.#begin(term);
      });
      return;
    }
    if (this.#elected !== term) return;
    this.#term = term;
    deadlines.lead(leases.list(), extendMs);
  }

  /** One batch after another, each once the one before is applied. */
  async #look(): Promise<void> {
    const { deadlines } = this.#parts;
    const term = this.#term;
    if (term === undefined || this.#busy) return;
    this.#busy = true;
    try {
      while (this.#term === term) {
        const { expired, checkpoints } = deadlines.due(leasesMax);
        if (expired.length === 0 && checkpoints.length === 0) return;
        if (checkpoints.length > 0)
          await this.#propose({ kind: 'lease-checkpoint', leases: checkpoints, term }, () => {});
        for (const ids of this.#batches(expired))
          if (await this.#propose({ kind: 'lease-expire', ids, term }, () => deadlines.postpone(ids, retryMs)))
            this.#expired(ids);
      }
    } finally {
      this.#busy = false;
    }
  }

  #expired({ length }: readonly LeaseId[]): void {
    const { measures } = this.#parts;
    if (measures !== undefined) measures.expired += length;
  }

  /** Whether it came off. */
  async #propose(action: LeaseAction, onFailure: () => void): Promise<boolean> {
    try {
      await this.#parts.propose(action);
      return true;
    } catch (error) {
      this.#parts.logger.warn('leases could not be ended or noted, trying again', { kind: action.kind, error });
      onFailure();
      return false;
    }
  }

  *#batches(ids: readonly LeaseId[]): Generator<readonly LeaseId[]> {
    let batch: LeaseId[] = [];
    let keys = 0;
    for (const id of ids) {
      const more = this.#parts.countKeysOf(id, keysMax);
      if (batch.length > 0 && keys + more > keysMax) {
        yield batch;
        batch = [];
        keys = 0;
      }
      batch.push(id);
      keys += more;
    }
    if (batch.length > 0) yield batch;
  }
}

const notLeader = (): ClusterError => new ClusterError('not-leader', 'this member does not lead');
