import type { Writable } from 'node:stream';
import { ClusterError } from '../errors.js';

// gRPC's framing over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): a byte that says
// whether the message is compressed, its length in four, big-endian, and the message.

/** Before each message. */
export const frameHeaderBytes = 5;

/** A short message is copied behind its header: one write costs less than two held back and joined. */
const copiedBytesMax = 4096;

/** Writes a message; a long one is not copied. Gives what `write` gave: false means to wait for `drain`. */
export function writeFrame(stream: Writable, message: Uint8Array): boolean {
  if (message.length <= copiedBytesMax) {
    const frame = Buffer.allocUnsafe(frameHeaderBytes + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, frameHeaderBytes);
    return stream.write(frame);
  }
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32BE(message.length, 1);
  stream.cork();
  stream.write(header);
  const room = stream.write(message);
  stream.uncork();
  return room;
}

/** Cuts a stream of bytes into messages. One that came in one chunk is a view of it, another is put together once. */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #onMessage: (message: Buffer) => void;
  readonly #header = Buffer.alloc(frameHeaderBytes);
  #headerFilled = 0;
  #message: Buffer | undefined;
  #messageFilled = 0;

  constructor(bytesMax: number, onMessage: (message: Buffer) => void) {
    this.#bytesMax = bytesMax;
    this.#onMessage = onMessage;
  }

  /** Whether a message has begun and is not complete. */
  get isInside(): boolean {
    return this.#headerFilled > 0 || this.#message !== undefined;
  }

  /** @throws ClusterError request-too-large, invalid-argument; the stream is of no use after that */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#message === undefined ? this.#begin(chunk, at) : this.#fill(chunk, at);
  }

  #begin(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerFilled, at);
    this.#headerFilled += taken;
    const start = at + taken;
    if (this.#headerFilled < frameHeaderBytes) return start;
    this.#headerFilled = 0;
    const length = this.#length();
    const end = start + length;
    if (end <= chunk.length) {
      this.#onMessage(chunk.subarray(start, end));
      return end;
    }
    this.#message = Buffer.allocUnsafeSlow(length);
    this.#messageFilled = 0;
    return start;
  }

  #length(): number {
    const length = this.#header.readUInt32BE(1);
    if (this.#header[0] !== 0) throw new ClusterError('invalid-argument', 'a compressed message was not asked for');
    if (length > this.#bytesMax) {
      throw new ClusterError('request-too-large', `a message of ${length} bytes is more than ${this.#bytesMax}`, {
        length,
      });
    }
    return length;
  }

  #fill(chunk: Buffer, at: number): number {
    const message = this.#message ?? Buffer.alloc(0);
    const taken = chunk.copy(message, this.#messageFilled, at);
    this.#messageFilled += taken;
    if (this.#messageFilled === message.length) {
      this.#message = undefined;
      this.#onMessage(message);
    }
    return at + taken;
  }
}
