import type { Socket } from 'node:net';
import { ClusterError } from '../errors.js';
import { FrameReader, frameHeaderBytes, writeFrame } from './grpc-frames.js';
import type { PeerLimits } from './limits.js';

/** Who has opened the connection says regularly that it lives, and the other side says it back. */
export type Side = 'dialled' | 'accepted';

type Limits = Pick<PeerLimits, 'pingMs' | 'pingsMissedMax' | 'frameBytesMax'>;

interface Reading {
  /** Of a message. */
  readonly bytesMax?: number;
  /** Is told why the stream ends, where the other side has said what can't be read. */
  readonly onFailure?: (error: ClusterError) => void;
}

/** A sign of life. No message is empty. */
const ping = new Uint8Array();

/**
 * Messages both ways between two members, on a connection of its own that both have agreed to use for that. It ends when the other side
 * gives no sign of life any more, or says what can't be read.
 */
export class PeerStream {
  /** Resolves once the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #side: Side;
  readonly #limits: Limits;
  readonly #onRoundTrip: (ms: number) => void;
  #givenBytes = 0;
  #goneBytes = 0;
  #missed = 0;
  #pingedAt = 0;
  #onRoom = (): void => {};

  constructor(socket: Socket, side: Side, limits: Limits, onRoundTrip: (ms: number) => void = () => {}) {
    this.#socket = socket;
    this.#side = side;
    this.#limits = limits;
    this.#onRoundTrip = onRoundTrip;
    const timer = setInterval(() => this.#look(), limits.pingMs);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearInterval(timer);
        resolve();
        this.#onRoom();
      });
    });
    socket.on('error', () => {}).on('drain', () => this.#onRoom());
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && !this.#socket.writableEnded;
  }

  /** Bytes that wait because the other side, or the way to it, is slow. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** False: better wait for `onRoom`. What is written to one that has ended is lost. */
  write(message: Uint8Array): boolean {
    if (!this.isOpen) return true;
    this.#givenBytes += frameHeaderBytes + message.length;
    return writeFrame(this.#socket, message);
  }

  /** Calls whenever all that had to wait has gone, and at the end. One callback. */
  onRoom(callback: () => void): void {
    this.#onRoom = callback;
  }

  /** Begins to read; once. What `onMessage` throws ends the stream: it is thrown on if it is not a ClusterError. */
  read(onMessage: (message: Buffer) => void, { bytesMax = this.#limits.frameBytesMax, onFailure }: Reading = {}): void {
    const reader = new FrameReader(bytesMax, (message) => {
      if (message.length > 0) onMessage(message);
      else if (this.#side === 'dialled') this.#onRoundTrip(performance.now() - this.#pingedAt);
      // Who does not read is not answered: it would wait here. Who reads has what waits before as a sign.
      else if (!this.#socket.writableNeedDrain) this.write(ping);
    });
    this.#socket.on('data', (chunk: Buffer) => {
      // Who goes on after the end was told has a while to hear it, and no more.
      if (this.isOpen) this.#missed = 0;
      try {
        reader.push(chunk);
      } catch (error) {
        this.destroy();
        if (!(error instanceof ClusterError)) throw error;
        onFailure?.(error);
      }
    });
  }

  /**
   * Reads one message after the other: while one is being taken, nothing waits but what has come with it. Resolves when `take` has enough,
   * or the stream has ended; rejects with what `take` throws. What comes later is passed over.
   */
  async readSlowly(take: (message: Buffer) => Promise<'more' | 'enough'>, reading?: Reading): Promise<void> {
    const waiting: Buffer[] = [];
    let isDone = false;
    let come = (): void => {};
    this.read((message) => {
      if (isDone) return;
      waiting.push(message);
      this.#socket.pause();
      come();
    }, reading);
    // Once, and not for each message: what waits for a promise is kept as long as that is pending.
    void this.closed.then(() => come());
    const next = async (): Promise<Buffer | undefined> => {
      if (waiting.length === 0 && !this.#socket.closed) {
        const some = new Promise<void>((resolve) => {
          come = resolve;
        });
        this.#socket.resume();
        await some;
      }
      return waiting.shift();
    };
    try {
      for (let message = await next(); message !== undefined; message = await next()) {
        if ((await take(message)) === 'enough') return;
      }
    } finally {
      isDone = true;
      this.#socket.resume();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends it once all that was written has gone. */
  end(): void {
    this.#socket.end();
  }

  /** Counted, not timed: when this process was busy for a while it is not the other's fault; nor where it is this one that does not read. */
  #look(): void {
    if (this.#socket.isPaused() || this.#hasMoved()) this.#missed = 0;
    if (this.#missed >= this.#limits.pingsMissedMax) this.destroy();
    this.#missed += 1;
    if (this.#side === 'accepted') return;
    this.#pingedAt = performance.now();
    this.write(ping);
  }

  /** Whether some of what waits has gone since the last look: who takes it lives, and sees what was asked only behind it. */
  #hasMoved(): boolean {
    const before = this.#goneBytes;
    this.#goneBytes = this.#givenBytes - this.#socket.writableLength;
    return this.#socket.writableLength > 0 && this.#goneBytes > before;
  }
}
