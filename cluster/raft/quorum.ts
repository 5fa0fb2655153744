import type { MemberId } from '../numbers.js';
import type { Membership } from './types.js';

export type Tally = 'won' | 'lost' | 'pending';

/** A majority of the voters, and while a joint change is under way a majority of each half (thesis 4.3). */
export class Quorum {
  readonly #halves: readonly (readonly MemberId[])[];
  readonly #scratch: number[] = [];

  constructor({ voters, outgoing }: Membership) {
    this.#halves = outgoing.length === 0 ? [voters] : [voters, outgoing];
  }

  includes(id: MemberId): boolean {
    return this.#halves.some((half) => half.includes(id));
  }

  /** The highest value that a quorum has reached: of match indexes the commit index, of read rounds the confirmed one. */
  reached(reachedBy: (id: MemberId) => number): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const half of this.#halves) lowest = Math.min(lowest, this.#reachedByMajority(half, reachedBy));
    return lowest;
  }

  holds(test: (id: MemberId) => boolean): boolean {
    return this.#halves.every((half) => count(half, test) * 2 > half.length);
  }

  tally(votes: ReadonlyMap<MemberId, boolean>): Tally {
    if (this.holds((id) => votes.get(id) === true)) return 'won';
    const stillPossible = this.holds((id) => votes.get(id) !== false);
    return stillPossible ? 'pending' : 'lost';
  }

  /** With the values sorted downwards, the one in the middle: [9, 7, 4] gives 7, [9, 7, 4, 2] gives 4. */
  #reachedByMajority(half: readonly MemberId[], reachedBy: (id: MemberId) => number): number {
    const sorted = this.#scratch;
    sorted.length = 0;
    for (const id of half) insertDownwards(sorted, reachedBy(id));
    return sorted[Math.floor(half.length / 2)] ?? 0;
  }
}

function insertDownwards(sorted: number[], value: number): void {
  let at = sorted.length;
  for (let before = sorted[at - 1]; before !== undefined && before < value; before = sorted[at - 1]) {
    sorted[at] = before;
    at -= 1;
  }
  sorted[at] = value;
}

function count(ids: readonly MemberId[], test: (id: MemberId) => boolean): number {
  let passed = 0;
  for (const id of ids) if (test(id)) passed += 1;
  return passed;
}
