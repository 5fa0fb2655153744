import type { Entry } from '../raft/types.js';

/** The latest entries with their data, without gaps; the oldest go first. */
export class EntryCache {
  readonly #bytesMax: number;
  #entries: (Entry | undefined)[] = [];
  /** Places at the front of `#entries` that were let go. */
  #free = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(index: number): Entry | undefined {
    const first = this.#entries[this.#free];
    return first === undefined || index < first.index ? undefined : this.#entries[this.#free + index - first.index];
  }

  /** Replaces what is held from the entry's index on. */
  add(entry: Entry): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && entry.index <= last.index) this.#truncate(entry.index);
    this.#entries.push(entry);
    this.#bytes += entry.data.length;
  }

  /** Lets the oldest go while there are too many bytes, as long as they `mayGo`. */
  trim(mayGo: (entry: Entry) => boolean): void {
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#entries[this.#free];
      if (oldest === undefined || !mayGo(oldest)) break;
      this.#shift(oldest);
    }
    this.#tidy();
  }

  dropThrough(index: number): void {
    for (let oldest = this.#entries[this.#free]; oldest !== undefined && oldest.index <= index; ) {
      this.#shift(oldest);
      oldest = this.#entries[this.#free];
    }
    this.#tidy();
  }

  clear(): void {
    this.#entries = [];
    this.#free = 0;
    this.#bytes = 0;
  }

  #shift(oldest: Entry): void {
    this.#entries[this.#free] = undefined;
    this.#bytes -= oldest.data.length;
    this.#free += 1;
  }

  #truncate(from: number): void {
    for (let last = this.#entries.at(-1); last !== undefined && last.index >= from; last = this.#entries.at(-1)) {
      this.#bytes -= last.data.length;
      this.#entries.pop();
    }
    this.#tidy();
  }

  /** Closes the gap at the front once it is half of the array, so that letting go stays cheap. */
  #tidy(): void {
    if (this.#free === 0 || this.#free * 2 < this.#entries.length) return;
    this.#entries.splice(0, this.#free);
    this.#free = 0;
  }
}
