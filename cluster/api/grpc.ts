import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { Socket } from 'node:net';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import { noMember } from '../numbers.js';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import { statusOf } from '../wire/status.js';
import { Call } from './call.js';
import { Connection } from './connection.js';
import { isCompressed, isGrpc, OnlyMessage } from './grpc-format.js';
import { HeldAnswers, type HeldLimits } from './held-answers.js';
import { type AccessOptions, openAccess } from './http/access.js';
import type { Gateway } from './http/gateway.js';
import { type PageHandler, usualBodyMs } from './http/page.js';
import { clientPageHandler } from './http/pages.js';
import { IncomingMessages } from './incoming-messages.js';
import type { Served } from './kinds.js';
import { LeaderLoss } from './leader-loss.js';
import { callsMax, heldLimits, keepAliveMs, overheadBytes, receivedBytesMax, sessionOptions } from './limits.js';
import { servedMethods } from './methods.js';
import { PartOfRequest, Received, receivedTooMuch } from './received.js';
import { etcdSlowLimits, type SlowLimits } from './slow-requests.js';
import type { ApiState } from './state.js';
import { unknownMethod } from './unknown-method.js';

export interface GrpcFrontOptions {
  readonly state: ApiState;
  /** --max-request-bytes */
  readonly requestBytesMax: number;
  /** --election-timeout; 1000 unless told otherwise. */
  readonly electionMs?: number;
  readonly logger: Logger;
  readonly access?: AccessOptions;
  /** --max-concurrent-streams; never more than `callsMax`. */
  readonly streamsMax?: number;
  /** --enable-grpc-gateway; true unless told otherwise. */
  readonly gatewayEnabled?: boolean;
  readonly slowLimits?: SlowLimits;
  /** Pings to clients, of which those that do not answer in time are gone; an interval of 0 is never. */
  readonly keepalive?: { readonly intervalMs: number; readonly timeoutMs: number };
  /** Answers not yet read. */
  readonly heldLimits?: Partial<HeldLimits>;
  /** Of requests that are not over. */
  readonly receivedBytesMax?: number;
  /** How long a client of the JSON gateway may take for what it has begun to say. */
  readonly bodyMs?: number;
}

type ServedOne = Exclude<Served, { kind: 'bidirectional' }>;

const stopped = statusOf(new ClusterError('stopped', 'this member is stopping'));

const noLeader = statusOf(new ClusterError('no-leader', 'this member knows no leader'));

const usualKeepalive = { intervalMs: 2 * 3_600_000, timeoutMs: 20_000 };
/** Node's longest timer. */
const timerMsMax = 2 ** 31 - 1;

const unsupported = { 'grpc-accept-encoding': 'identity' };

/**
 * The API over HTTP/2, on connections that a listener has accepted: gRPC, and pages for who asks for something else.
 * README.md says why it is on node:http2.
 */
export class GrpcFront {
  readonly #server: Http2Server;
  readonly #pages;
  /** Of its side of each connection. */
  readonly settings: Settings;
  /** The pages beside gRPC, for a connection that speaks HTTP/1.1. */
  readonly serveHttp1: PageHandler;
  readonly #methods: ReadonlyMap<string, Served>;
  readonly #messageBytesMax: number;
  readonly #connections = new Set<Connection>();
  readonly #bodyMs: number;
  readonly #held: HeldAnswers;
  readonly #received: Received;
  readonly #stopping = new AbortController();
  readonly #leaderLoss: LeaderLoss;
  #gateway: Promise<Gateway> | undefined;
  #accepted: Socket | undefined;
  #pinging: NodeJS.Timeout | undefined;
  #onEmpty = (): void => {};

  constructor(options: GrpcFrontOptions) {
    const {
      state,
      requestBytesMax,
      electionMs = 1000,
      logger,
      access = openAccess,
      gatewayEnabled = true,
      streamsMax = callsMax,
    } = options;
    const sessions = sessionOptions(streamsMax);
    this.settings = sessions.settings;
    this.#server = createServer(sessions);
    this.#held = new HeldAnswers({ ...heldLimits, ...options.heldLimits }, logger);
    this.#bodyMs = options.bodyMs ?? usualBodyMs;
    this.#received = new Received(options.receivedBytesMax ?? receivedBytesMax);
    const { slowLimits = etcdSlowLimits } = options;
    this.#methods = servedMethods({ state, requestBytesMax, logger, slowLimits, stopping: this.#stopping.signal });
    this.#messageBytesMax = requestBytesMax + overheadBytes;
    const gateway = gatewayEnabled ? () => this.#loadedGateway() : undefined;
    this.serveHttp1 = clientPageHandler({ state, logger, access, gateway });
    this.#pages = createServer(this.serveHttp1);
    const leaderIsKnown = (): boolean => state.consensus.status().leader !== noMember;
    this.#leaderLoss = new LeaderLoss(electionMs, leaderIsKnown, () => {
      for (const connection of this.#connections) connection.abandon(noLeader, (call) => call.leaderRequired);
    });
    const { intervalMs, timeoutMs } = options.keepalive ?? usualKeepalive;
    if (intervalMs > 0)
      this.#pinging = setInterval(() => this.#ping(timeoutMs), Math.min(intervalMs, timerMsMax)).unref();
    this.#server.on('session', (session) => this.#admit(session, this.#accepted ?? session.socket));
    this.#server.on('sessionError', () => {});
  }

  /** Takes a connection that speaks HTTP/2, its TLS handshake done. */
  serve(socket: Socket): void {
    if (this.#stopping.signal.aborted) {
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, keepAliveMs);
    // Its session begins before this comes back.
    this.#accepted = socket;
    this.#server.emit('connection', socket);
    this.#accepted = undefined;
  }

  /** Takes no more calls, and ends those that are not through after `graceMs`. */
  async close(graceMs = 1000): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#pinging);
    this.#leaderLoss.stop();
    (await this.#gateway)?.close(stopped);
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of this.#connections) {
      // Nobody says when a watch would end by itself; its client goes on elsewhere.
      connection.abandon(stopped, (_, kind) => kind === 'bidirectional');
      connection.close();
    }
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, graceMs);
    await empty;
    clearTimeout(timer);
  }

  /** Loaded for the first request that asks for it. */
  #loadedGateway(): Promise<Gateway> {
    const options = {
      methods: this.#methods,
      messageBytesMax: this.#messageBytesMax,
      held: this.#held,
      received: this.#received,
      bodyMs: this.#bodyMs,
    };
    this.#gateway ??= import('./http/gateway.js').then(({ Gateway }) => new Gateway(options));
    return this.#gateway;
  }

  #ping(withinMs: number): void {
    for (const connection of this.#connections) connection.ping(withinMs);
  }

  #admit(session: ServerHttp2Session, socket: Socket): void {
    const connection = new Connection(session, socket, this.#held, this.#received);
    this.#connections.add(connection);
    session.on('stream', (stream, headers, flags) => this.#begin(connection, stream, headers, flags));
    session.once('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#onEmpty();
    });
  }

  #begin(connection: Connection, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number): void {
    stream.on('error', () => {});
    const served = this.#methods.get(headers[':path'] ?? '');
    if (isGrpc(headers)) {
      const call = new Call(stream, headers, connection);
      if (served === undefined) call.end(unknownMethod(call.path, this.#methods.keys()));
      else if (isCompressed(headers)) refuseEncoding(call, headers);
      else this.#receive(call, stream, connection, served);
    } else if (served === undefined) {
      this.#pages.emit('stream', stream, headers, flags);
    } else {
      stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
    }
  }

  #receive(call: Call, stream: ServerHttp2Stream, connection: Connection, served: Served): void {
    if (served.kind !== 'bidirectional') {
      this.#receiveOne(call, stream, connection, served);
    } else if (connection.atWork >= callsMax) {
      refuseMore(call);
    } else {
      const messages = new IncomingMessages(stream, this.#messageBytesMax, connection.received, (status) => {
        served.noteUnreadable();
        call.end(status);
      });
      connection.workLong(call, served.kind, served.serve(messages, call));
    }
  }

  #receiveOne(call: Call, stream: ServerHttp2Stream, connection: Connection, { kind, serve }: ServedOne): void {
    const request = new OnlyMessage(this.#messageBytesMax);
    const part = new PartOfRequest(connection.received);
    stream.on('data', (chunk: Buffer) => {
      if (call.over) return;
      const wrong =
        request.push(chunk) ?? (request.isCut && !part.add(chunk.length, stream) ? receivedTooMuch : undefined);
      if (wrong !== undefined) call.end(wrong);
    });
    stream.on('end', () => {
      if (call.over) return;
      const message = request.take();
      if (!Buffer.isBuffer(message)) call.end(message);
      else if (connection.atWork >= callsMax) refuseMore(call);
      else if (kind === 'unary') connection.work(serve(message, call));
      else connection.workLong(call, kind, serve(message, call));
    });
  }
}

function refuseEncoding(call: Call, { 'grpc-encoding': encoding }: IncomingHttpHeaders): void {
  call.end({ code: grpc.UNIMPLEMENTED, text: `messages in the encoding "${encoding}" are not taken` }, unsupported);
}

const refuseMore = (call: Call): void =>
  call.end({ code: grpc.RESOURCE_EXHAUSTED, text: `${callsMax} calls of this connection are under way` });
