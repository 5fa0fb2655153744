import type { Logger } from '../logger.js';
import { Reader, type Unread } from './reader.js';

/** Smaller answers are not counted: that would cost every call something. `callsMax` holds for them. */
export const countedBytesMin = 4 * 1024;

export interface HeldLimits {
  /** Of one connection: beyond it its calls wait until it has read. */
  readonly connectionBytes: number;
  /** Of all connections together: beyond it those wait that hold an equal part of it, and who does not read is closed. */
  readonly allBytes: number;
  /** For how long a connection may take nothing of what it holds while all hold too much. */
  readonly stallMs: number;
}

/** So often in that time it is looked at who has taken something: a member that stood still itself blames nobody. */
const rounds = 4;

/** What a connection that holds nothing yet is taken to hold when equal parts are compared: about one large answer. */
const firstAnswerBytes = 1024 ** 2;

/** Large answers that clients have not taken yet, of all connections together. */
export class HeldAnswers implements Unread {
  readonly limits: HeldLimits;
  readonly #logger: Logger;
  readonly #holders = new Set<Reader>();
  readonly #waiting = new Set<Reader>();
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: HeldLimits, logger: Logger) {
    this.limits = limits;
    this.#logger = logger;
  }

  /**
   * What one connection holds of it.
   * @param end closes the connection
   */
  reader(remote: string, end: () => void): Reader {
    return new Reader(this, remote, end);
  }

  /** A part of what there is would let any number of connections come up to those that hold most. */
  exceededBy(bytes: number): boolean {
    return this.#isExceeded && (bytes + firstAnswerBytes) * this.#holders.size >= this.limits.allBytes;
  }

  change(reader: Reader, bytes: number): void {
    const wasExceeded = this.#isExceeded;
    this.#bytes += bytes;
    if (reader.bytes > 0) this.#holders.add(reader);
    else this.#holders.delete(reader);
    if (this.#isExceeded) this.#timer ??= setInterval(() => this.#endStalled(), this.limits.stallMs / rounds).unref();
    else if (wasExceeded) this.#goOn();
  }

  await(reader: Reader): void {
    this.#waiting.add(reader);
  }

  forget(reader: Reader): void {
    this.#waiting.delete(reader);
  }

  get #isExceeded(): boolean {
    return this.#bytes > this.limits.allBytes;
  }

  #goOn(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const reader of this.#waiting) reader.tellOfRoom();
  }

  /** Those first that have taken nothing for longest, and no more than it needs. */
  #endStalled(): void {
    for (const reader of this.#holders) reader.stalledRounds += 1;
    const stalled = [...this.#holders].filter(({ stalledRounds }) => stalledRounds > rounds);
    for (const reader of stalled.sort((a, b) => b.stalledRounds - a.stalledRounds)) {
      if (!this.#isExceeded) return;
      const fields = { 'remote-addr': reader.remote, 'unread-bytes': reader.bytes };
      this.#logger.warn('closed a connection that does not read its answers, while those are too many', fields);
      reader.end();
    }
    for (const reader of this.#waiting) reader.tellOfRoom();
  }
}
