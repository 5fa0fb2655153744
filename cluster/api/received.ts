import type { Readable } from 'node:stream';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import type { Status } from './grpc-format.js';

/** What a connection is told whose requests do not come to an end, while those are too much in all. */
export const receivedTooMuch: Status = {
  code: grpc.RESOURCE_EXHAUSTED,
  text: 'too much of requests has come that are not over, and most of it on this connection',
};

/** Parts of requests that have come before the rest, of all connections together. */
export class Received {
  readonly #bytesMax: number;
  #bytes = 0;
  #holders = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What came on one connection. */
  share(): ReceivedShare {
    return new ReceivedShare(this);
  }

  /** Whether it is too much in all, and `bytes` no less than an equal part of what may be. */
  exceededBy(bytes: number): boolean {
    return this.#bytes > this.#bytesMax && bytes * this.#holders >= this.#bytesMax;
  }

  change(bytes: number, holders: number): void {
    this.#bytes += bytes;
    this.#holders += holders;
  }
}

/** What has come on one connection of requests that are not over. */
export class ReceivedShare {
  readonly #all: Received;
  #bytes = 0;

  constructor(all: Received) {
    this.#all = all;
  }

  /** Counts what came. Whether it may be kept; it is counted in either case. */
  add(bytes: number): boolean {
    this.#all.change(bytes, this.#bytes === 0 ? 1 : 0);
    this.#bytes += bytes;
    return !this.#all.exceededBy(this.#bytes);
  }

  remove(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes -= bytes;
    this.#all.change(-bytes, this.#bytes === 0 ? -1 : 0);
  }
}

/** What has come of one request. */
export class PartOfRequest {
  readonly #share: ReceivedShare;
  #bytes = 0;
  #isWatched = false;

  constructor(share: ReceivedShare) {
    this.#share = share;
  }

  /** Counts what came on `stream`, until that closes. Whether it may be kept; it is counted no longer if not. */
  add(bytes: number, stream: Readable): boolean {
    if (!this.#isWatched) stream.once('close', () => this.forget());
    this.#isWatched = true;
    this.#bytes += bytes;
    const isKept = this.#share.add(bytes);
    if (!isKept) this.forget();
    return isKept;
  }

  forget(): void {
    this.#share.remove(this.#bytes);
    this.#bytes = 0;
  }
}
