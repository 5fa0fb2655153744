/** Where a file's bytes go. */
export interface Sink {
  write(bytes: Uint8Array, position: number): Promise<void>;
}

/** Pages that were given since the last time are written together. */
const pendingBytesMax = 1 << 20;

/** Gives pages their numbers, one after the other, and writes them in large pieces. */
export class Pages {
  readonly pageBytes: number;
  readonly #sink: Sink;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #next: number;
  #written: number;

  constructor(sink: Sink, pageBytes: number, first: number) {
    this.#sink = sink;
    this.pageBytes = pageBytes;
    this.#next = first;
    this.#written = first;
  }

  /** The number that the next page will have. */
  get next(): number {
    return this.#next;
  }

  /** `page` as long as its content: here it gets its overflow, and is filled up to whole pages. */
  append(page: Buffer): void {
    const taken = Math.ceil(page.length / this.pageBytes);
    page.writeUInt32LE(taken - 1, 12);
    const rest = taken * this.pageBytes - page.length;
    this.#pending.push(page);
    if (rest > 0) this.#pending.push(Buffer.alloc(rest));
    this.#pendingBytes += taken * this.pageBytes;
    this.#next += taken;
  }

  /** To be awaited now and then: this is what bounds the memory. */
  async drain(): Promise<void> {
    if (this.#pendingBytes >= pendingBytesMax) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const bytes = Buffer.concat(this.#pending, this.#pendingBytes);
    const position = this.#written * this.pageBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#written = this.#next;
    await this.#sink.write(bytes, position);
  }
}
