interface Event {
  readonly at: number;
  readonly owner: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Virtual time. Events run one by one, and time moves on only when everything that the last one set going has come to
 * rest: promises, and the real files that a member reads and writes. Events of the same moment run by owner, then in the
 * order in which that owner asked for them; so it makes no difference which of two members' files was done first.
 */
export class Schedule {
  readonly #heap: Event[] = [];
  readonly #orders = new Map<number, number>();
  readonly #busy: (() => boolean)[] = [];
  #underWay = 0;
  #now = 0;
  #moment = 0;

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Events so far: what happened in different moments happened in that order. */
  get moment(): number {
    return this.#moment;
  }

  at(owner: number, delayMs: number, run: () => void): void {
    const order = (this.#orders.get(owner) ?? 0) + 1;
    this.#orders.set(owner, order);
    this.#push({ at: this.#now + delayMs, owner, order, run });
  }

  /** Time does not move on while `isBusy`. */
  waitFor(isBusy: () => boolean): void {
    this.#busy.push(isBusy);
  }

  /** Time does not move on before it has settled. */
  track(work: Promise<unknown>): void {
    this.#underWay += 1;
    const done = (): void => {
      this.#underWay -= 1;
    };
    work.then(done, done);
  }

  /** Runs events until `isDone` says so after one, or the time is up. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    await this.#rest();
    for (let next = this.#heap[0]; next !== undefined && next.at <= untilMs; next = this.#heap[0]) {
      this.#pop();
      this.#now = next.at;
      this.#moment += 1;
      next.run();
      await this.#rest();
      if (isDone()) return;
    }
    this.#now = Math.max(this.#now, untilMs);
  }

  async #rest(): Promise<void> {
    do await new Promise(setImmediate);
    while (this.#underWay > 0 || this.#busy.some((isBusy) => isBusy()));
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    for (let above = (at - 1) >> 1; at > 0; at = above, above = (at - 1) >> 1) {
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[at] = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      if (left === undefined) break;
      const isLeft = right === undefined || isBefore(left, right);
      const child = isLeft ? left : right;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (isLeft ? 1 : 2);
    }
    heap[at] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean =>
  a.at !== b.at ? a.at < b.at : a.owner !== b.owner ? a.owner < b.owner : a.order < b.order;
