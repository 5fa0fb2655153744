import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Logger } from '../logger.js';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import { Call } from './call.js';
import { Connection } from './connection.js';
import { isCompressed, isGrpc, OnlyMessage } from './grpc-format.js';
import { httpHandler } from './http.js';
import { callsMax, keepAliveMs, sessionOptions } from './limits.js';
import { type Serve, servedMethods } from './methods.js';
import type { ApiState } from './state.js';

export interface GrpcFrontOptions {
  readonly state: ApiState;
  /** --max-request-bytes */
  readonly requestBytesMax: number;
  readonly logger: Logger;
}

/** As in etcd: what is more than this too large is refused by gRPC, in its words. */
const overheadBytes = 512 * 1024;

const unsupported = { 'grpc-accept-encoding': 'identity' };

/**
 * The API over HTTP/2, on connections that a listener has accepted: gRPC, and pages for who asks for something else.
 * README.md says why it is on node:http2.
 */
export class GrpcFront {
  readonly #server = createServer(sessionOptions);
  readonly #pages;
  readonly #methods: ReadonlyMap<string, Serve>;
  readonly #messageBytesMax: number;
  readonly #connections = new Set<Connection>();
  readonly #stopping = new AbortController();
  #onEmpty = (): void => {};

  constructor({ state, requestBytesMax, logger }: GrpcFrontOptions) {
    this.#methods = servedMethods({ state, requestBytesMax, logger, stopping: this.#stopping.signal });
    this.#messageBytesMax = requestBytesMax + overheadBytes;
    this.#pages = createServer(httpHandler(state));
    this.#server.on('session', (session) => this.#admit(session));
    this.#server.on('sessionError', () => {});
  }

  /** Takes a connection that speaks HTTP/2, its TLS handshake done. */
  serve(socket: Socket): void {
    if (this.#stopping.signal.aborted) {
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, keepAliveMs);
    this.#server.emit('connection', socket);
  }

  /** Takes no more calls, and ends those that are not through after `graceMs`. */
  async close(graceMs = 1000): Promise<void> {
    this.#stopping.abort();
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of this.#connections) connection.close();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, graceMs);
    await empty;
    clearTimeout(timer);
  }

  #admit(session: ServerHttp2Session): void {
    const connection = new Connection(session);
    this.#connections.add(connection);
    session.on('stream', (stream, headers, flags) => this.#begin(connection, stream, headers, flags));
    session.once('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onEmpty();
    });
  }

  #begin(connection: Connection, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number): void {
    stream.on('error', () => {});
    const serve = this.#methods.get(headers[':path'] ?? '');
    if (isGrpc(headers)) {
      const call = new Call(stream, headers, connection);
      if (serve === undefined) refuseMethod(call);
      else if (isCompressed(headers)) refuseEncoding(call, headers);
      else this.#receive(call, stream, connection, serve);
    } else if (serve === undefined) {
      this.#pages.emit('stream', stream, headers, flags);
    } else {
      stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
    }
  }

  #receive(call: Call, stream: ServerHttp2Stream, connection: Connection, serve: Serve): void {
    const request = new OnlyMessage(this.#messageBytesMax);
    stream.on('data', (chunk: Buffer) => {
      const wrong = call.over ? undefined : request.push(chunk);
      if (wrong !== undefined) call.end(wrong);
    });
    stream.on('end', () => {
      if (call.over) return;
      const message = request.take();
      if (!Buffer.isBuffer(message)) call.end(message);
      else if (connection.atWork >= callsMax) refuseMore(call);
      else connection.work(serve(message, call));
    });
  }
}

const refuseMethod = (call: Call): void =>
  call.end({ code: grpc.UNIMPLEMENTED, text: `The server does not implement the method ${call.path}` });

function refuseEncoding(call: Call, { 'grpc-encoding': encoding }: IncomingHttpHeaders): void {
  call.end({ code: grpc.UNIMPLEMENTED, text: `messages in the encoding "${encoding}" are not taken` }, unsupported);
}

const refuseMore = (call: Call): void =>
  call.end({ code: grpc.RESOURCE_EXHAUSTED, text: `${callsMax} calls of this connection are under way` });
