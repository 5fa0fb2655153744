/** A set of strings as sorted intervals that do not touch: from <= s < to, `to` undefined: without end. */
export class IntervalSet {
  readonly #intervals: (readonly [from: string, to: string | undefined])[] = [];

  add(from: string, to: string | undefined): void {
    if (to !== undefined && from >= to) return;
    const first = this.#firstEndingAt(from);
    let [low, high] = [from, to];
    let after = first;
    for (let next = this.#intervals[after]; next !== undefined; next = this.#intervals[++after]) {
      if (high !== undefined && next[0] > high) break;
      if (next[0] < low) low = next[0];
      if (high !== undefined && (next[1] === undefined || next[1] > high)) high = next[1];
    }
    this.#intervals.splice(first, after - first, [low, high]);
  }

  covers(value: string): boolean {
    const interval = this.#intervals[this.#firstEndingAt(value)];
    const next = interval?.[1] === value ? this.#intervals[this.#firstEndingAt(value) + 1] : interval;
    return next !== undefined && next[0] <= value;
  }

  /** The first interval that ends at or after the value. */
  #firstEndingAt(value: string): number {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const to = this.#intervals[middle]?.[1];
      if (to !== undefined && to < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
