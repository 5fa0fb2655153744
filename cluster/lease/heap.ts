/** A binary heap: hands out first what its order puts first. */
export class Heap<Item> {
  readonly #isBefore: (a: Item, b: Item) => boolean;
  readonly #items: Item[] = [];

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    let at = this.#items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#items[above] as Item;
      if (!this.#isBefore(item, parent)) break;
      this.#items[at] = parent;
      at = above;
    }
    this.#items[at] = item;
  }

  pop(): Item | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Finds the place from the top down for an item, in place of the first one. */
  #sink(item: Item): void {
    const { length } = this.#items;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= length) break;
      const right = below + 1;
      if (right < length && this.#isBefore(this.#items[right] as Item, this.#items[below] as Item)) below = right;
      const child = this.#items[below] as Item;
      if (!this.#isBefore(child, item)) break;
      this.#items[at] = child;
      at = below;
    }
    this.#items[at] = item;
  }
}
