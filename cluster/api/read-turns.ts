import { ClusterError } from '../errors.js';
import type { CallContext } from './context.js';
import type { Reader } from './reader.js';

/** So long small reads go on before the event loop gets its turn, and with it everybody else. */
const turnMs = 10;
/** A read that takes longer is a large one: one a turn, and rest after it. */
const largeMs = 0.5;
/** What shows that others are at work: between a large read and the end of that turn of the loop. */
const noticedMs = 0.05;
/** For them, until the next large read. A put has several turns of the loop to go through. */
const restMs = 1;

/**
 * Lets reads take turns, so that hundreds that come at once don't keep the loop from everybody else: large ones one by one,
 * with a rest between them while others are at work. Connections come round by round, each with the calls that it has begun
 * before others: who asks for little does not stand behind all that one connection has asked for. Who has not read what
 * it was answered is not read for until it has.
 */
export class ReadTurns {
  readonly #now: () => number;
  /** Connections with calls that wait; those that are full are in neither. */
  readonly #light = new Set<Reader>();
  readonly #heavy = new Set<Reader>();
  #spentMs = 0;
  #isScheduled = false;
  /** A large read was done, and the rest after it is not over. */
  #isTired = false;
  #tiredSince = 0;

  /** @param now in milliseconds, of a clock that only goes forward */
  constructor(now = (): number => performance.now()) {
    this.#now = now;
  }

  /**
   * Undefined where nothing is to be waited for, as nearly always. After it, `take` is to be called at once.
   * Rejects with ClusterError cancelled when nobody waits for the answer any more.
   * @param hasBegun for another part of what was begun: it waits for its turn, and for no room
   */
  wait(context: CallContext, hasBegun = false): Promise<void> | undefined {
    const { reader } = context;
    if (this.#isFree(reader) && (hasBegun ? this.#heavy.size === 0 : mayBegin(reader))) return undefined;
    return new Promise((resolve, reject) => {
      const isOver = (): boolean => {
        if (context.over) reject(new ClusterError('cancelled', 'the client has gone before its turn came'));
        return context.over;
      };
      const call = { goOn: resolve, isOver, hasBegun };
      if (hasBegun) reader.waiting.unshift(call);
      else reader.waiting.push(call);
      this.#line(reader);
    });
  }

  /** Until its connection has read what it was answered. */
  async room(context: CallContext): Promise<void> {
    await this.wait(context);
    this.take(context, () => undefined);
  }

  /** Does the read, and counts what it took. */
  take<Result>({ reader }: CallContext, read: () => Result): Result {
    const began = this.#now();
    try {
      return read();
    } finally {
      const ended = this.#now();
      const tookMs = ended - began;
      this.#spentMs += tookMs;
      reader.isHeavy = tookMs >= largeMs;
      if (reader.isHeavy) [this.#isTired, this.#tiredSince] = [true, ended];
      if (this.#isTired || this.#spentMs >= turnMs) this.#schedule();
      else if (this.#light.size > 0 || this.#heavy.size > 0) this.#release();
    }
  }

  #isFree(reader: Reader): boolean {
    return this.#spentMs < turnMs && !(reader.isHeavy && this.#isTired);
  }

  /** Puts a connection whose calls wait among those that may go on, or where it is told of room. */
  #line(reader: Reader): void {
    const [first] = reader.waiting;
    if (first === undefined) return;
    if (reader.isFull && !first.hasBegun) {
      reader.whenRoom(() => this.#line(reader));
      return;
    }
    (reader.isHeavy ? this.#heavy : this.#light).add(reader);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#next);
  }

  readonly #next = (): void => {
    this.#isScheduled = false;
    this.#spentMs = 0;
    if (this.#isTired && this.#now() - this.#tiredSince < noticedMs) this.#isTired = false;
    else if (this.#isTired && this.#tiredSince > 0) {
      this.#tiredSince = 0;
      setTimeout(this.#rested, restMs);
    }
    this.#release();
  };

  readonly #rested = (): void => {
    this.#isTired = false;
    this.#release();
  };

  /** Lets one call go on, which lets the next one go on when it has read: the large first, since there is one in a turn. */
  #release(): void {
    while (this.#spentMs < turnMs) {
      const from = !this.#isTired && this.#heavy.size > 0 ? this.#heavy : this.#light;
      const [reader] = from;
      if (reader === undefined) return;
      from.delete(reader);
      if (this.#goOn(reader)) return;
    }
  }

  #goOn(reader: Reader): boolean {
    // It may have come to be either while it stood in line.
    const mayGoOn = this.#isFree(reader) && (!reader.isFull || reader.waiting[0]?.hasBegun === true);
    const call = mayGoOn ? reader.waiting.shift() : undefined;
    this.#line(reader);
    if (call === undefined || call.isOver()) return false;
    call.goOn();
    return true;
  }
}

const mayBegin = (reader: Reader): boolean => reader.waiting.length === 0 && !reader.isFull;
