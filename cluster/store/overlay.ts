import { asBuffer } from './records.js';

// What was applied to one table and is not in LMDB yet. One generation takes writes while the one before it is being committed.

/** Bytes as a string of the same order: latin1 compares as bytes do. */
export const textOf = (key: Uint8Array): string => asBuffer(key).toString('latin1');

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Bookkeeping of one entry, for the bound on memory: a Map slot, a string header, a view. */
const entryBytes = 120;
/** So few new keys are inserted one by one, more are sorted and merged. */
const insertMax = 32;

export class Overlay {
  /** `null`: deleted. */
  readonly values = new Map<string, Uint8Array | null>();
  /** Whether the layers below hold the key. They do not change during this overlay's life, so it is asked once. */
  readonly #below = new Map<string, boolean>();
  #sorted: string[] = [];
  #fresh: string[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  set(key: string, value: Uint8Array | null): void {
    const old = this.values.get(key);
    if (old === undefined) {
      this.#fresh.push(key);
      this.#bytes += key.length + entryBytes;
    }
    this.#bytes += (value?.length ?? 0) - (old?.length ?? 0);
    this.values.set(key, value);
  }

  /** The keys in from <= key < to, in order. */
  keys(from: string | undefined, to: string | undefined): readonly string[] {
    this.#sort();
    const low = from === undefined ? 0 : lowerBound(this.#sorted, from);
    const high = to === undefined ? this.#sorted.length : lowerBound(this.#sorted, to);
    return low === 0 && high === this.#sorted.length ? this.#sorted.slice() : this.#sorted.slice(low, high);
  }

  /** How many rows the range has more (or fewer) with this overlay than without. */
  countDelta(from: string | undefined, to: string | undefined, below: (key: string) => boolean): number {
    let delta = 0;
    for (const key of this.keys(from, to)) {
      let was = this.#below.get(key);
      if (was === undefined) {
        was = below(key);
        this.#below.set(key, was);
      }
      delta += (this.values.get(key) === null ? 0 : 1) - (was ? 1 : 0);
    }
    return delta;
  }

  /** Takes over what a newer overlay holds. */
  absorb(newer: Overlay): void {
    for (const [key, value] of newer.values) this.set(key, value);
  }

  #sort(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    this.#fresh = [];
    const last = this.#sorted.at(-1);
    const first = fresh[0] ?? '';
    if (fresh.length <= insertMax && last !== undefined && first < last) {
      for (const key of fresh) this.#sorted.splice(lowerBound(this.#sorted, key), 0, key);
      return;
    }
    fresh.sort(compareText);
    // Appended in order, as revisions are, or a big lot: the engine's sort takes two ascending runs in linear time.
    const append = last === undefined || last < (fresh[0] ?? '');
    for (const key of fresh) this.#sorted.push(key);
    if (!append) this.#sorted.sort(compareText);
  }
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
