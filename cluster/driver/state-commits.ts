import type { Log } from '../log/log.js';
import type { Logger } from '../logger.js';
import { index } from '../numbers.js';
import type { StateMachine } from './machine.js';

export interface StateCommitParts {
  readonly machine: StateMachine;
  readonly log: Log;
  readonly logger: Logger;
  /** Copies of the state are on their way to followers, who need the log from there on. */
  copiesUnderWay(): boolean;
  onFailure(error: unknown): void;
}

export interface TrimOptions {
  /** The log is cut once it holds this many durable applied entries more than `catchUpEntries`. */
  readonly snapshotEntries: number;
  /** Entries kept behind the durable state for followers that lag a little. */
  readonly catchUpEntries: number;
}

/** Hands what was applied to the state's disk, one batch at a time, and cuts the log behind what is durable. */
export class StateCommits {
  readonly #parts: StateCommitParts;
  readonly #options: TrimOptions;
  #underWay: Promise<void> | undefined;

  constructor(parts: StateCommitParts, options: TrimOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Resolves once nothing is under way; never rejects. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  start(): void {
    const { machine, onFailure } = this.#parts;
    if (this.#underWay !== undefined || machine.pendingBytes === 0) return;
    this.#underWay = machine
      .commit()
      .then(() => this.#trimLog())
      .catch(onFailure)
      .finally(() => {
        this.#underWay = undefined;
      });
  }

  async #trimLog(): Promise<void> {
    const { log, machine, logger, copiesUnderWay } = this.#parts;
    const { snapshotEntries, catchUpEntries } = this.#options;
    if (copiesUnderWay() || machine.durableIndex - log.mark().index < snapshotEntries + catchUpEntries) return;
    const at = index(machine.durableIndex - catchUpEntries);
    const term = log.term(at);
    if (term === undefined) return;
    await log.compact({ index: at, term, membership: machine.membershipAt(at) }).catch((error: unknown) => {
      if (log.failure !== undefined) throw error;
      logger.warn('an old part of the log could not be removed; the next start tries again', { error });
    });
  }
}
