import assert from 'node:assert/strict';
import type { Index, Term } from '../numbers.js';
import { index as toIndex } from '../numbers.js';
import { Runs } from './runs.js';
import type { Segment } from './segment.js';

const capacityAtFirst = 1024;

/** Where a kept entry is and how much data it has; eight bytes an entry, terms and segments by the run. */
export class EntryTable {
  #first: Index;
  #count = 0;
  /** Entries dropped at the front whose places in the arrays are not yet used again. */
  #skipped = 0;
  #offsets = new Uint32Array(capacityAtFirst);
  #lengths = new Uint32Array(capacityAtFirst);
  #terms = new Runs<Term>();
  #segments = new Runs<Segment>();

  constructor(first: Index) {
    this.#first = first;
  }

  get first(): Index {
    return this.#first;
  }

  get last(): Index {
    return toIndex(this.#first + this.#count - 1);
  }

  has(index: number): boolean {
    return index >= this.#first && index <= this.last;
  }

  /** Replaces whatever is held from `index` on. */
  add(index: Index, term: Term, segment: Segment, offset: number, length: number): void {
    assert(index >= this.#first && index <= this.last + 1, `entry ${index} after ${this.last} leaves a gap`);
    this.#count = index - this.#first;
    this.#terms.set(index, term);
    this.#segments.set(index, segment);
    const place = this.#skipped + this.#count;
    if (place === this.#offsets.length) this.#makeRoom();
    this.#offsets[this.#skipped + this.#count] = offset;
    this.#lengths[this.#skipped + this.#count] = length;
    this.#count += 1;
  }

  /** Forgets the entries up to and with `index`, which may lie beyond the last one. */
  dropThrough(index: number): void {
    if (index < this.#first) return;
    if (index >= this.last) {
      this.clear(toIndex(index + 1));
      return;
    }
    const dropped = index + 1 - this.#first;
    this.#skipped += dropped;
    this.#count -= dropped;
    this.#first = toIndex(index + 1);
    this.#terms.dropBefore(this.#first);
    this.#segments.dropBefore(this.#first);
  }

  /** Forgets all; the next entry has `first`. */
  clear(first: Index): void {
    this.#first = first;
    this.#count = 0;
    this.#skipped = 0;
    this.#terms = new Runs();
    this.#segments = new Runs();
  }

  term(index: number): Term | undefined {
    return this.has(index) ? this.#terms.at(index) : undefined;
  }

  segment(index: number): Segment {
    const segment = this.has(index) ? this.#segments.at(index) : undefined;
    assert(segment !== undefined, `entry ${index} is not in the table`);
    return segment;
  }

  offset(index: number): number {
    return this.#offsets[this.#skipped + index - this.#first] ?? 0;
  }

  /** Bytes of data. */
  length(index: number): number {
    return this.#lengths[this.#skipped + index - this.#first] ?? 0;
  }

  /** Moves the entries to the front when half of the arrays is free there, else doubles the arrays. */
  #makeRoom(): void {
    const capacity = this.#skipped * 2 >= this.#offsets.length ? this.#offsets.length : this.#offsets.length * 2;
    this.#offsets = this.#moved(this.#offsets, capacity);
    this.#lengths = this.#moved(this.#lengths, capacity);
    this.#skipped = 0;
  }

  #moved(values: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
    const moved = new Uint32Array(capacity);
    moved.set(values.subarray(this.#skipped, this.#skipped + this.#count));
    return moved;
  }
}
