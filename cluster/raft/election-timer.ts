/** Counts ticks since this member last heard of a leader, voted or campaigned. */
export class ElectionTimer {
  readonly #ticks: number;
  readonly #random: () => number;
  #elapsed = 0;
  #timeout: number;

  constructor(ticks: number, random: () => number) {
    this.#ticks = ticks;
    this.#random = random;
    this.#timeout = this.#draw();
  }

  tick(): void {
    this.#elapsed += 1;
  }

  /** Heard of the leader, or voted: the same timeout from the start. */
  restart(): void {
    this.#elapsed = 0;
  }

  /** A new role or term: a new timeout, so that those who split a vote do not split the next (Raft §5.2). */
  redraw(): void {
    this.#elapsed = 0;
    this.#timeout = this.#draw();
  }

  get expired(): boolean {
    return this.#elapsed >= this.#timeout;
  }

  /** The least time any member waits before it campaigns: so long a leader once heard of counts as alive (thesis 4.2.3). */
  get leaseExpired(): boolean {
    return this.#elapsed >= this.#ticks;
  }

  #draw(): number {
    return this.#ticks + Math.floor(this.#random() * this.#ticks);
  }
}
