/** A value that stays the same over many indexes, kept once a run: terms and segments of a log. */
export class Runs<Value> {
  readonly #runs: { readonly from: number; readonly value: Value }[] = [];

  /** From `from` on it is `value`; whatever was said for `from` and above is forgotten. */
  set(from: number, value: Value): void {
    this.truncate(from);
    const last = this.#runs.at(-1);
    if (last === undefined || last.value !== value) this.#runs.push({ from, value });
  }

  at(index: number): Value | undefined {
    const place = this.#place(index);
    return place < 0 ? undefined : this.#runs[place]?.value;
  }

  /** Forgets `from` and above. */
  truncate(from: number): void {
    while ((this.#runs.at(-1)?.from ?? -1) >= from) this.#runs.pop();
  }

  /** Forgets what is needed for indexes below `index` only. */
  dropBefore(index: number): void {
    const place = this.#place(index);
    if (place > 0) this.#runs.splice(0, place);
  }

  /** The run that holds `index`: mostly the last one, else by bisection. */
  #place(index: number): number {
    let low = 0;
    let high = this.#runs.length - 1;
    if ((this.#runs[high]?.from ?? 0) <= index) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle]?.from ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
