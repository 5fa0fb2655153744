import type { Clock } from '../clock.js';
import type { Consensus } from '../consensus.js';
import type { Term } from '../numbers.js';

export interface CertaintyParts {
  readonly consensus: Pick<Consensus, 'linearize' | 'status'>;
  readonly clock: Clock;
  /** How long a read index is good for; no more than a successor adds to every lease, the time of an election. */
  readonly certainMs: number;
}

/**
 * That this member leads, by a read index that is at most `certainMs` old. Whoever has followed since then began after that
 * read index was asked for, and gave each lease its whole time and that of an election: what is promised here meanwhile
 * ends no later.
 */
export class Certainty {
  readonly #parts: CertaintyParts;
  #term: Term | undefined;
  #until = 0;

  constructor(parts: CertaintyParts) {
    this.#parts = parts;
  }

  /** Whether it needs no other read index. What this member has committed itself must be applied, too. */
  holds(term: Term): boolean {
    const { consensus, clock } = this.#parts;
    if (this.#term !== term || clock.now() >= this.#until) return false;
    const { commitIndex, appliedIndex } = consensus.status();
    return appliedIndex >= commitIndex;
  }

  /** Makes sure by a read index. @throws what `linearize` throws */
  async renew(term: Term): Promise<void> {
    const { consensus, clock, certainMs } = this.#parts;
    const until = clock.now() + certainMs;
    await consensus.linearize();
    this.#term = term;
    this.#until = until;
  }
}
