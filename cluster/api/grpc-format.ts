import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { encodeText } from '../transport/refusals.js';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import { frameHeaderBytes } from '../wire/method.js';

// gRPC over HTTP/2 as a server speaks it: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

/** How a call came out, by gRPC's own numbers. */
export interface Status {
  readonly code: number;
  readonly text: string;
}

const contentType = 'application/grpc';

/** Answers go out with these as they are: HTTP/2 needs no date, and each header is bytes on every answer. */
export const responseHeaders: OutgoingHttpHeaders = { ':status': 200, 'content-type': contentType };
export const okTrailers: OutgoingHttpHeaders = { 'grpc-status': 0 };

export const trailersOf = ({ code, text }: Status): OutgoingHttpHeaders => ({
  'grpc-status': code,
  'grpc-message': encodeText(text),
});

/** Of +proto only: another message format would be read as garbage. */
export const isGrpc = (headers: IncomingHttpHeaders): boolean =>
  headers[':method'] === 'POST' &&
  (headers['content-type'] === contentType || /^application\/grpc(\+proto)?(;|$)/i.test(headers['content-type'] ?? ''));

export const isCompressed = ({ 'grpc-encoding': encoding }: IncomingHttpHeaders): boolean =>
  encoding !== undefined && encoding !== 'identity';

// What can be wrong with messages, in the words of gRPC's own servers where there are some.
export const tooLarge = (length: number, bytesMax: number): Status => ({
  code: grpc.RESOURCE_EXHAUSTED,
  text: `grpc: received message larger than max (${length} vs. ${bytesMax})`,
});
export const uncompressedOnly: Status = { code: grpc.INTERNAL, text: 'a compressed message without a grpc-encoding' };
export const cutOff: Status = { code: grpc.INTERNAL, text: 'the request ended in the middle of a message' };

/**
 * What the decoder says of bytes that are no message, in the words of etcd's: of a message that ends too early those of 3.6,
 * which tells it apart from the rest, and of the rest those of 3.7.
 */
export const unreadable = (cause: unknown): Status => ({
  code: grpc.INTERNAL,
  text: `grpc: error unmarshalling request: ${
    cause instanceof RangeError ? 'unexpected EOF' : 'proto: cannot parse invalid wire-format data'
  }`,
});

const unitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** More than Node's timers can wait, almost 25 days, is as good as none. */
const timeoutMaxMs = 2 ** 31 - 1;

/** What `grpc-timeout` leaves for the call, in ms; undefined when it can't be read. */
export function timeoutMsOf(text: string): number | undefined {
  const unit = unitsMs[text.at(-1) ?? ''];
  if (unit === undefined || !/^\d{1,8}.$/.test(text)) return undefined;
  return Math.min(timeoutMaxMs, Number(text.slice(0, -1)) * unit);
}

/** Puts together the only message of a request. One that came in one chunk, as nearly all do, is a view of it. */
export class OnlyMessage {
  readonly #bytesMax: number;
  #received: Buffer | undefined;
  #more: Buffer[] | undefined;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is wrong with it so far: nothing more is to be pushed then. */
  push(chunk: Buffer): Status | undefined {
    this.#bytes += chunk.length;
    if (this.#received === undefined) this.#received = chunk;
    else if (this.#received.length < frameHeaderBytes) this.#received = Buffer.concat([this.#received, chunk]);
    else if (this.#more === undefined) this.#more = [chunk];
    else this.#more.push(chunk);
    return this.#received.length < frameHeaderBytes ? undefined : this.#judge(this.#received);
  }

  #judge(received: Buffer): Status | undefined {
    if (received[0] !== 0) return uncompressedOnly;
    const length = received.readUInt32BE(1);
    if (length > this.#bytesMax) return tooLarge(length, this.#bytesMax);
    if (this.#bytes <= frameHeaderBytes + length) return undefined;
    return { code: grpc.UNIMPLEMENTED, text: 'a second request message came, and the method takes one' };
  }

  /** Whether more is to come, as far as can be seen. */
  get isCut(): boolean {
    const received = this.#received;
    if (received === undefined || received.length < frameHeaderBytes) return true;
    return this.#bytes < frameHeaderBytes + received.readUInt32BE(1);
  }

  /** The message, once all has come; or why there is none. */
  take(): Buffer | Status {
    const received = this.#received;
    if (received === undefined) {
      return { code: grpc.UNIMPLEMENTED, text: 'no request message came, and the method takes one' };
    }
    if (this.isCut) return cutOff;
    const whole = this.#more === undefined ? received : Buffer.concat([received, ...this.#more], this.#bytes);
    return whole.subarray(frameHeaderBytes);
  }
}
