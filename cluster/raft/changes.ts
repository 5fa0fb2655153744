import { strict as assert } from 'node:assert';
import type { Index } from '../numbers.js';

/** Beyond so many a change is refused. */
const waitingMax = 64;

/**
 * Changes of the membership that wait for their turn with the leader. One is appended when everything up to the one before
 * it is applied here, and everything up to the entry that the leader's term began with (README.md says why).
 */
export class Changes {
  readonly #waiting: Uint8Array[] = [];
  #appliedFirst: Index;

  /** `beginning`: the index of the first entry of the leader's term. */
  constructor(beginning: Index) {
    this.#appliedFirst = beginning;
  }

  /** False: too many wait. */
  add(change: Uint8Array): boolean {
    if (this.#waiting.length >= waitingMax) return false;
    this.#waiting.push(change);
    return true;
  }

  isDue(applied: Index): boolean {
    return this.#waiting.length > 0 && applied >= this.#appliedFirst;
  }

  /** The next one, which is due. */
  take(): Uint8Array {
    const change = this.#waiting.shift();
    assert(change !== undefined, 'no change waits');
    return change;
  }

  appended(at: Index): void {
    this.#appliedFirst = at;
  }
}
