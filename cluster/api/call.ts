import { once } from 'node:events';
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import type { Connection } from './connection.js';
import type { CallContext } from './context.js';
import { okTrailers, responseHeaders, type Status, timeoutMsOf, trailersOf } from './grpc-format.js';

const withTrailers = { waitForTrailers: true };
const withoutMore = { endStream: true };

// Shared by all calls and not made for each: `this` is the stream.
function sendOk(this: ServerHttp2Stream): void {
  sendTrailers(this, okTrailers);
}

function sendTrailers(stream: ServerHttp2Stream, trailers: OutgoingHttpHeaders): void {
  if (!stream.destroyed && !stream.closed) stream.sendTrailers(trailers);
}

const expire = (call: Call): void => call.expire();

/** One gRPC call on its HTTP/2 stream, looked into only as far as it is asked. */
export class Call implements CallContext {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #connection: Connection;
  #controller: AbortController | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #answered = false;

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
    return this.#connection.commonName;
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

  /** Whether nothing can be said any more: all was said, or the client has gone. */
  get over(): boolean {
    return this.#answered || this.#stream.destroyed || this.#stream.closed;
  }

  /** The only answer, and that all is well. */
  answer(frame: Buffer): void {
    if (!this.#settle()) return;
    this.#stream.on('wantTrailers', sendOk);
    this.#stream.respond(responseHeaders, withTrailers);
    this.#stream.end(frame);
  }

  /** One of several answers; resolves once there is room for the next. Rejects when the client has gone. */
  async write(frame: Buffer): Promise<void> {
    if (this.over) return;
    if (!this.#stream.headersSent) this.#stream.respond(responseHeaders, withTrailers);
    if (!this.#stream.write(frame)) await once(this.#stream, 'drain', { signal: this.signal });
  }

  /** Without an answer, or after those there are. What of the request has not been read is not waited for. */
  end(status?: Status, extra?: OutgoingHttpHeaders): void {
    if (!this.#settle()) return;
    const stream = this.#stream;
    const trailers = { ...(status === undefined ? okTrailers : trailersOf(status)), ...extra };
    if (stream.headersSent) {
      stream.on('wantTrailers', () => sendTrailers(stream, trailers));
      stream.end();
    } else {
      stream.respond({ ...responseHeaders, ...trailers }, withoutMore);
    }
    if (stream.readableEnded) return;
    stream.resume();
    // RFC 9113 8.1: asks the client to stop sending, after the whole answer.
    stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** The client's deadline has passed; what its handler still comes to is dropped. */
  expire(): void {
    this.end({ code: grpc.DEADLINE_EXCEEDED, text: 'Deadline exceeded' });
    this.#controller?.abort();
  }

  /** Whether there is somebody to be answered, and nobody has yet. */
  #settle(): boolean {
    clearTimeout(this.#deadline);
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
    const timer = setTimeout(expire, timeoutMs, this);
    this.#deadline = timer;
    this.#stream.on('close', () => clearTimeout(timer));
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
