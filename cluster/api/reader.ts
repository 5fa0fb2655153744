/** What is unread of all connections, as one of them sees it. */
export interface Unread {
  readonly limits: { readonly connectionBytes: number };
  /** Whether it is too much in all, and who holds `bytes` would come to an equal part of what may be. */
  exceededBy(bytes: number): boolean;
  /** `reader` holds so much more, or less. */
  change(reader: Reader, bytes: number): void;
  /** `reader` is to be told as soon as it may hold more. */
  await(reader: Reader): void;
  /** It has been told. */
  forget(reader: Reader): void;
}

/** A call that waits for its turn to read the state. */
export interface WaitingCall {
  readonly goOn: () => void;
  /** Whether nobody waits for its answer any more. */
  readonly isOver: () => boolean;
  /** Whether it has begun: its turns come before those of other calls, so that a connection's answers are made one by one. */
  readonly hasBegun: boolean;
}

/** One connection as one that reads: what it was answered and has not taken yet, and its calls that wait for their turn. */
export class Reader {
  readonly remote: string;
  readonly waiting: WaitingCall[] = [];
  /** Whether its last read took long. */
  isHeavy = false;
  /** How often it was found, one after the other, to have taken nothing of what it holds. */
  stalledRounds = 0;
  readonly #all: Unread;
  readonly #end: () => void;
  #bytes = 0;
  /** Of answers that are the only one of their call. Who leaves some streams unread goes on with its other calls. */
  #answerBytes = 0;
  #isClosed = false;
  #onRoom: (() => void) | undefined;

  constructor(all: Unread, remote: string, end: () => void) {
    this.#all = all;
    this.remote = remote;
    this.#end = end;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether no more is to be read for it until it, or others, have taken what they hold. */
  get isFull(): boolean {
    if (this.#isClosed) return false;
    return this.#answerBytes >= this.#all.limits.connectionBytes || this.#all.exceededBy(this.#bytes);
  }

  /** Whether it holds far more than it may: what it could not be kept from asking for is refused. */
  get isOverfull(): boolean {
    return this.#answerBytes >= 4 * this.#all.limits.connectionBytes || (this.#bytes > 0 && this.isFull);
  }

  /** `as` one of a stream of answers, or as the only one of its call. */
  hold(bytes: number, as: 'answer' | 'stream'): void {
    if (this.#isClosed) return;
    if (this.#bytes === 0) this.stalledRounds = 0;
    this.#bytes += bytes;
    if (as === 'answer') this.#answerBytes += bytes;
    this.#all.change(this, bytes);
  }

  release(bytes: number, as: 'answer' | 'stream'): void {
    if (this.#isClosed) return;
    this.stalledRounds = 0;
    this.#bytes -= bytes;
    if (as === 'answer') this.#answerBytes -= bytes;
    this.#all.change(this, -bytes);
    this.tellOfRoom();
  }

  /** Calls back once it is not full any more. */
  whenRoom(callback: () => void): void {
    this.#onRoom = callback;
    this.#all.await(this);
  }

  tellOfRoom(): void {
    const callback = this.#onRoom;
    if (callback === undefined || this.isFull) return;
    this.#onRoom = undefined;
    this.#all.forget(this);
    callback();
  }

  /** Closes the connection. */
  end(): void {
    this.#end();
    this.close();
  }

  /** The connection is gone, and with it all that it held. Its calls that wait go on, and find themselves over. */
  close(): void {
    if (this.#isClosed) return;
    const bytes = this.#bytes;
    this.#bytes = 0;
    this.#isClosed = true;
    if (bytes > 0) this.#all.change(this, -bytes);
    this.tellOfRoom();
  }
}
