import { once } from 'node:events';
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Expiry } from '../deadline.js';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import { Pieces } from '../wire/method.js';
import type { ClientCertificate } from './certificate.js';
import type { Connection } from './connection.js';
import type { Exchange } from './context.js';
import { okTrailers, responseHeaders, type Status, timeoutMsOf, trailersOf } from './grpc-format.js';
import { countedBytesMin } from './held-answers.js';
import { sliceBytes } from './limits.js';
import { pour } from './pour.js';
import type { Reader } from './reader.js';

const withTrailers = { waitForTrailers: true };
const withoutMore = { endStream: true };

// Shared by all calls and not made for each: `this` is the stream.
function sendOk(this: ServerHttp2Stream): void {
  sendTrailers(this, okTrailers);
}

function sendTrailers(stream: ServerHttp2Stream, trailers: OutgoingHttpHeaders): void {
  if (!stream.destroyed && !stream.closed) stream.sendTrailers(trailers);
}

/** RFC 9113 8.1: asks the client to stop sending what is not waited for, after the whole answer. */
function stopSending(stream: ServerHttp2Stream): void {
  if (stream.readableEnded || stream.destroyed) return;
  stream.resume();
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/** What a connection is told that does not read its answers, while those are too many in all. */
export const unreadTooMuch: Status = {
  code: grpc.RESOURCE_EXHAUSTED,
  text: 'too many answers have not been read yet, and this connection holds most',
};

/** One gRPC call on its HTTP/2 stream, looked into only as far as it is asked. */
export class Call implements Exchange {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #connection: Connection;
  #controller: AbortController | undefined;
  #deadline: Expiry | undefined;
  #answered = false;
  /** Of the answer, that are counted as unread. */
  #held = 0;
  readonly viaGateway = false;
  user: string | undefined = undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Connection) {
    this.#stream = stream;
    this.#headers = headers;
    this.#connection = connection;
    const timeout = headers['grpc-timeout'];
    if (timeout !== undefined) this.#limit(String(timeout));
  }

  get path(): string {
    return this.#headers[':path'] ?? '';
  }

  get token(): string | undefined {
    return this.#metadata('token') ?? this.#metadata('authorization')?.replace(/^Bearer /i, '');
  }

  get commonName(): string | undefined {
    return this.#connection.certificate?.commonName;
  }

  get certificate(): ClientCertificate | undefined {
    return this.#connection.certificate;
  }

  get clientVersion(): string | undefined {
    return this.#metadata('client-api-version');
  }

  get leaderRequired(): boolean {
    return this.#headers.hasleader === 'true';
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#abortedWithStream();
    return this.#controller.signal;
  }

  get remote(): string {
    return this.#connection.remote;
  }

  get reader(): Reader {
    return this.#connection.reader;
  }

  /** Whether nothing can be said any more: all was said, or the client has gone. */
  get over(): boolean {
    return this.#answered || this.#stream.destroyed || this.#stream.closed;
  }

  /** The only answer, and that all is well. */
  answer(frame: Buffer | Pieces): void {
    const uncounted = frame.length - this.#held;
    if (frame.length >= countedBytesMin && uncounted > 0) {
      if (this.#held === 0 && this.reader.isOverfull) {
        this.end(unreadTooMuch);
        return;
      }
      this.hold(uncounted);
    }
    if (!this.#settle()) return;
    this.#stream.on('wantTrailers', sendOk);
    this.#stream.respond(responseHeaders, withTrailers);
    if (frame.length <= sliceBytes) this.#stream.end(frame instanceof Pieces ? frame.whole() : frame);
    else pour(this.#stream, frame instanceof Pieces ? frame.pieces : [frame], (bytes) => this.#release(bytes));
  }

  hold(bytes: number): void {
    if (this.over) return;
    if (this.#held === 0) this.#stream.once('close', () => this.#release(this.#held));
    this.#held += bytes;
    this.reader.hold(bytes, 'answer');
  }

  /** One of several answers. Undefined: there is room for the next; else resolves once there is, rejects when the client has gone. */
  write(frame: Buffer): Promise<unknown> | undefined {
    if (this.over) return undefined;
    if (!this.#stream.headersSent) this.#stream.respond(responseHeaders, withTrailers);
    if (this.#stream.write(frame)) return undefined;
    const room = once(this.#stream, 'drain', { signal: this.signal });
    if (frame.length < countedBytesMin) return room;
    this.reader.hold(frame.length, 'stream');
    return room.finally(() => this.reader.release(frame.length, 'stream'));
  }

  /** Without an answer, or after those there are. What of the request has not been read is not waited for. */
  end(status?: Status, extra?: OutgoingHttpHeaders): void {
    if (!this.#settle()) return;
    const stream = this.#stream;
    const trailers = { ...(status === undefined ? okTrailers : trailersOf(status)), ...extra };
    if (!stream.headersSent) {
      stream.respond({ ...responseHeaders, ...trailers }, withoutMore);
      stopSending(stream);
      return;
    }
    stream.on('wantTrailers', () => {
      sendTrailers(stream, trailers);
      // A reset in the same turn would take the place of the trailers.
      setImmediate(stopSending, stream);
    });
    stream.end();
  }

  /** The client's deadline has passed. */
  expire(): void {
    this.abandon({ code: grpc.DEADLINE_EXCEEDED, text: 'Deadline exceeded' });
  }

  /** Ends it while its handler is at work; what that still comes to is dropped. */
  abandon(status: Status): void {
    this.end(status);
    this.#controller?.abort();
  }

  /** The client has taken so much, or has gone. */
  #release(bytes: number): void {
    const released = Math.min(bytes, this.#held);
    this.#held -= released;
    if (released > 0) this.reader.release(released, 'answer');
  }

  /** Whether there is somebody to be answered, and nobody has yet. */
  #settle(): boolean {
    this.#deadline?.clear();
    if (this.over) return false;
    this.#answered = true;
    return true;
  }

  #limit(text: string): void {
    const timeoutMs = timeoutMsOf(text);
    if (timeoutMs === undefined) {
      this.end({ code: grpc.INTERNAL, text: `Invalid grpc-timeout value "${text}"` });
      return;
    }
    const deadline = new Expiry(timeoutMs, () => this.expire());
    this.#deadline = deadline;
    this.#stream.on('close', () => deadline.clear());
  }

  #abortedWithStream(): AbortController {
    const controller = new AbortController();
    if (this.over) controller.abort();
    // Every stream closes; a client that was answered has not gone away.
    else this.#stream.on('close', () => this.#answered || controller.abort());
    return controller;
  }

  #metadata(key: string): string | undefined {
    const value = this.#headers[key];
    return typeof value === 'string' ? value : undefined;
  }
}
