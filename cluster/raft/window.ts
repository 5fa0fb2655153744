import { type Index, index } from '../numbers.js';

/**
 * What is under way up to some index, with its size: appends in flight to a follower, entries proposed and not yet
 * committed, entries handed out and not yet applied. Opened in the order of indexes, released from the front.
 */
export class Window {
  #last: Index[] = [];
  #sizes: number[] = [];
  #head = 0;
  #bytes = 0;

  get count(): number {
    return this.#last.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  open(last: Index, bytes: number): void {
    this.#last.push(last);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** Releases whatever ends at or before `upTo`. */
  release(upTo: Index): void {
    while (this.count > 0 && (this.#last[this.#head] ?? index(0)) <= upTo) this.releaseFirst();
  }

  releaseFirst(): void {
    if (this.count === 0) return;
    this.#bytes -= this.#sizes[this.#head] ?? 0;
    this.#head += 1;
    if (this.#head * 2 >= this.#last.length) this.#compact();
  }

  clear(): void {
    this.#last = [];
    this.#sizes = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  /** Forgets the released half, so that a release costs O(1) in the mean and the arrays stay small. */
  #compact(): void {
    this.#last.splice(0, this.#head);
    this.#sizes.splice(0, this.#head);
    this.#head = 0;
  }
}
