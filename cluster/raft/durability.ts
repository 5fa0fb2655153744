import { type Index, index, type Term } from '../numbers.js';

interface Write {
  readonly first: Index;
  readonly last: Index;
  readonly term: Term;
}

/**
 * Up to where the log is durable here while several writes are under way, finished in the order they were taken.
 *
 *     writes taken   3..5 of term 2      4..4 of term 3 (overwrites)
 *     first finishes     → durable up to 3: 4 and 5 are about to be overwritten
 *     second finishes                        → durable up to 4
 */
export class Durability {
  #index: Index;
  #writes: Write[] = [];

  constructor(last: Index) {
    this.#index = last;
  }

  get index(): Index {
    return this.#index;
  }

  taken(first: Index, last: Index, term: Term): void {
    this.overwritten(first);
    this.#writes.push({ first, last, term });
  }

  overwritten(from: Index): void {
    this.#index = lower(this.#index, from);
  }

  /** The write that ended at `last` has finished, and with it those taken before. Unknown ones are ignored. */
  finished(last: Index, term: Term): void {
    const at = this.#writes.findIndex((write) => write.last === last && write.term === term);
    if (at < 0) return;
    this.#writes.splice(0, at + 1);
    let reached = last;
    for (const write of this.#writes) reached = lower(reached, write.first);
    if (reached > this.#index) this.#index = reached;
  }

  /** The log now starts after a snapshot; writes under way belong to the log before it. */
  restart(after: Index): void {
    this.#writes = [];
    this.#index = after;
  }
}

const lower = (reached: Index, overwrittenFrom: Index): Index =>
  reached < overwrittenFrom ? reached : index(overwrittenFrom - 1);
