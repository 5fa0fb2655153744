import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { ClusterError } from '../errors.js';
import { FrameReader } from '../transport/grpc-frames.js';
import { cutOff, type Status, tooLarge, uncompressedOnly } from './grpc-format.js';
import { PartOfRequest, type ReceivedShare, receivedTooMuch } from './received.js';

interface Taker {
  resolve(result: IteratorResult<Buffer, undefined>): void;
  reject(error: ClusterError): void;
}

type End = 'open' | 'said all' | 'broken off';

/**
 * The messages of a stream of requests, one after the other. Nothing more is read until all that came at once was taken,
 * so that a client can't send ahead of a handler by more than its window.
 */
export class IncomingMessages implements AsyncIterableIterator<Buffer> {
  readonly #stream: Readable;
  readonly #reader: FrameReader;
  readonly #part: PartOfRequest;
  readonly #refuse: (status: Status) => void;
  #ready: Buffer[] = [];
  #end: End = 'open';
  #taker: Taker | undefined;

  /** @param refuse is told, once, what is wrong with what came; nothing more comes after that */
  constructor(stream: Readable, bytesMax: number, received: ReceivedShare, refuse: (status: Status) => void) {
    this.#stream = stream;
    this.#part = new PartOfRequest(received);
    this.#refuse = refuse;
    this.#reader = new FrameReader(bytesMax, (message) => this.#ready.push(message));
    stream.on('data', (chunk: Buffer) => this.#read(chunk, bytesMax));
    stream.on('end', () => (this.#reader.isInside ? this.#give(cutOff) : this.#finish('said all')));
    // A stream that was reset says 'end' too; it says this before, and closes only when all was read.
    stream.on('aborted', () => {
      this.#finish('broken off');
      stream.resume();
    });
    stream.on('close', () => this.#finish('broken off'));
    stream.pause();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** One at a time. Done when the client has said all; rejects with ClusterError cancelled when it broke off. */
  next(): Promise<IteratorResult<Buffer, undefined>> {
    assert(this.#taker === undefined, 'messages are taken one at a time');
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
      this.#serve();
      if (this.#taker !== undefined) this.#stream.resume();
    });
  }

  #read(chunk: Buffer, bytesMax: number): void {
    if (this.#end !== 'open') return;
    try {
      this.#reader.push(chunk);
      if (!this.#reader.isInside) this.#part.forget();
      else if (!this.#part.add(chunk.length, this.#stream)) this.#give(receivedTooMuch);
    } catch (error) {
      this.#give(framingStatus(error, bytesMax));
    }
    this.#serve();
    if (this.#taker === undefined) this.#stream.pause();
  }

  #give(status: Status): void {
    this.#refuse(status);
    this.#finish('broken off');
  }

  #finish(end: End): void {
    if (this.#end !== 'open') return;
    this.#end = end;
    this.#serve();
  }

  #serve(): void {
    const taker = this.#taker;
    if (taker === undefined) return;
    const message = this.#ready.shift();
    if (message === undefined && this.#end === 'open') return;
    this.#taker = undefined;
    if (message !== undefined) taker.resolve({ value: message, done: false });
    else if (this.#end === 'said all') taker.resolve({ value: undefined, done: true });
    else taker.reject(new ClusterError('cancelled', 'the client broke off in the middle of its requests'));
  }
}

function framingStatus(error: unknown, bytesMax: number): Status {
  if (!(error instanceof ClusterError)) throw error;
  const { length } = error.details;
  return typeof length === 'number' ? tooLarge(length, bytesMax) : uncompressedOnly;
}
