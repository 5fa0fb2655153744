/** What may wait in an outbox: both bounds are soft, so that one thing of any size always fits an empty one. */
export interface OutboxLimits {
  readonly bytesMax: number;
  readonly itemsMax: number;
}

/** So many places that were taken are kept before the rest moves up. */
const takenMax = 1024;

/** First in, first out, and how much of it there is. */
export class Outbox<Item> {
  readonly #limits: OutboxLimits;
  #items: (Item | undefined)[] = [];
  #costs: number[] = [];
  #taken = 0;
  #bytes = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#limits.bytesMax && this.#length < this.#limits.itemsMax;
  }

  /** Half of what there may be, or less. */
  get hasPlentyOfRoom(): boolean {
    return 2 * this.#bytes <= this.#limits.bytesMax && 2 * this.#length <= this.#limits.itemsMax;
  }

  /** The latest that was put in and is still there. */
  get last(): Item | undefined {
    return this.#items.at(-1);
  }

  /** Those that wait, in order. */
  get waiting(): readonly (Item | undefined)[] {
    return this.#items.slice(this.#taken);
  }

  push(item: Item, bytes: number): void {
    this.#items.push(item);
    this.#costs.push(bytes);
    this.#bytes += bytes;
  }

  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#taken];
    this.#items[this.#taken] = undefined;
    this.#bytes -= this.#costs[this.#taken] ?? 0;
    this.#taken += 1;
    if (this.#length === 0 || this.#taken === takenMax) this.#moveUp();
    return item;
  }

  get #length(): number {
    return this.#items.length - this.#taken;
  }

  #moveUp(): void {
    this.#items = this.#items.slice(this.#taken);
    this.#costs = this.#costs.slice(this.#taken);
    this.#taken = 0;
  }
}
