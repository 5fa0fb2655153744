interface Waiting {
  readonly context: number;
  readonly deadline: number;
}

/**
 * A follower's reads that its leader has been asked about. On the wire each has a number of its own, counted from a random
 * start: a reply to what this member asked before a restart must not grant what it asks after.
 */
export class ForwardedReads {
  readonly #ticksMax: number;
  readonly #waiting = new Map<number, Waiting>();
  #next: number;
  #now = 0;

  constructor(ticksMax: number, random: () => number) {
    this.#ticksMax = ticksMax;
    this.#next = Math.floor(random() * 2 ** 48);
  }

  /** The number to ask under. */
  add(context: number): number {
    this.#next += 1;
    this.#waiting.set(this.#next, { context, deadline: this.#now + this.#ticksMax });
    return this.#next;
  }

  /** Undefined when nobody waits for it any more. */
  answer(asked: number): number | undefined {
    const waiting = this.#waiting.get(asked);
    this.#waiting.delete(asked);
    return waiting?.context;
  }

  /** The contexts whose question or answer must have been lost on the way. */
  tick(): readonly number[] {
    this.#now += 1;
    const lost: number[] = [];
    for (const [asked, { context, deadline }] of this.#waiting) {
      if (deadline > this.#now) break;
      this.#waiting.delete(asked);
      lost.push(context);
    }
    return lost;
  }

  drain(): readonly number[] {
    const lost = [...this.#waiting.values()].map(({ context }) => context);
    this.#waiting.clear();
    return lost;
  }
}
