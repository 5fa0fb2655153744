import type { Socket } from 'node:net';
import {
  type ConnectionInjector,
  status as grpc,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Method } from '../wire/method.js';
import { authMethods, clusterMethods, healthMethods, kvMethods, maintenanceMethods } from '../wire/services.js';
import { statusOf } from '../wire/status.js';
import { authHandlers } from './auth.js';
import { clusterHandlers } from './cluster.js';
import type { Handler, StreamHandler } from './context.js';
import { Desk } from './desk.js';
import { GrpcContext, pinCertificate } from './grpc-context.js';
import { healthHandlers } from './health.js';
import { kvHandlers } from './kv.js';
import { maintenanceHandlers } from './maintenance.js';
import type { ApiState } from './state.js';

export interface GrpcFrontOptions {
  readonly state: ApiState;
  /** --max-request-bytes */
  readonly requestBytesMax: number;
  readonly logger: Logger;
}

/** As in etcd: what is more than this too large is refused by gRPC, in its words. */
const overheadBytes = 512 * 1024;

/** In the place of a request that is not worth decoding: it is refused with etcd's own text. */
const tooLarge = Symbol('too large');

const serverOptions = (requestBytesMax: number) => ({
  'grpc.max_receive_message_length': requestBytesMax + overheadBytes,
  'grpc.max_send_message_length': -1,
  'grpc.enable_channelz': 0,
});

type Methods = Readonly<Record<string, Method<never, unknown, never, unknown>>>;

/** The API over gRPC, on connections that a listener has accepted. */
export class GrpcFront {
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  readonly #desk: Desk;
  readonly #requestBytesMax: number;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();
  readonly #stopping = new AbortController();

  constructor({ state, requestBytesMax, logger }: GrpcFrontOptions) {
    this.#desk = new Desk(state);
    this.#requestBytesMax = requestBytesMax;
    this.#logger = logger;
    this.#server = new Server(serverOptions(requestBytesMax));
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#serveService(kvMethods, kvHandlers(this.#desk));
    this.#serveService(authMethods, authHandlers(this.#desk));
    this.#serveService(clusterMethods, clusterHandlers(this.#desk));
    this.#serveService(maintenanceMethods, maintenanceHandlers(this.#desk));
    const health = healthHandlers(this.#stopping.signal);
    this.#serveService({ check: healthMethods.check }, { check: health.check });
    const { path, responseSerialize, requestDeserialize } = healthMethods.watch;
    this.#server.register(path, this.#streaming(health.watch), responseSerialize, requestDeserialize, 'serverStream');
  }

  /** Takes a connection that speaks HTTP/2, its TLS handshake done. */
  serve(socket: Socket): void {
    pinCertificate(socket);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#injector.injectConnection(socket);
  }

  /** Takes no more calls, and ends those that are not through after `graceMs`. */
  async close(graceMs = 1000): Promise<void> {
    this.#stopping.abort();
    // Without channelz grpc-js does not know the sessions that its forceShutdown is to end.
    const timer = setTimeout(() => this.#endConnections(), graceMs);
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    clearTimeout(timer);
  }

  #endConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Methods without a handler are answered by grpc-js, as unimplemented. */
  #serveService(methods: Methods, handlers: Readonly<Record<string, Handler<never, unknown>>>): void {
    for (const [name, { path, responseSerialize, requestDeserialize }] of Object.entries(methods)) {
      const handler = handlers[name];
      if (handler === undefined) continue;
      const read = (bytes: Buffer): unknown =>
        bytes.length > this.#requestBytesMax ? tooLarge : requestDeserialize(bytes);
      this.#server.register(path, this.#unary(handler), responseSerialize, read, 'unary');
    }
  }

  #unary(handler: Handler<never, unknown>): handleUnaryCall<unknown, never> {
    return (call, reply) => {
      const context = new GrpcContext(call);
      this.#answer(handler, call.request, context).then(
        (response) => {
          context.answered();
          reply(null, response as never);
        },
        (error: unknown) => {
          context.answered();
          reply(this.#failure(error, call.getPath(), context));
        },
      );
    };
  }

  async #answer(handler: Handler<never, unknown>, request: unknown, context: GrpcContext): Promise<unknown> {
    if (request === tooLarge) {
      throw new ClusterError('request-too-large', `a request is at most ${this.#requestBytesMax} bytes long`);
    }
    this.#desk.checkLeader(context);
    return handler(request as never, context);
  }

  #streaming<Request, Response>(
    handler: StreamHandler<Request, Response>,
  ): handleServerStreamingCall<Request, Response> {
    return async (call) => {
      const context = new GrpcContext(call);
      try {
        for await (const response of handler(call.request, context)) call.write(response);
        call.end();
      } catch (error) {
        call.emit('error', this.#failure(error, call.getPath(), context));
      }
    };
  }

  #failure(error: unknown, path: string, { remote }: GrpcContext): { code: number; details: string } {
    const { code, text } = statusOf(error);
    if (code === grpc.INTERNAL) this.#logger.error('a request failed', { path, 'remote-addr': remote, error });
    return { code, details: text };
  }
}
