import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import type { Method } from '../wire/method.js';
import { authMethods, clusterMethods, healthMethods, kvMethods, maintenanceMethods } from '../wire/services.js';
import { statusOf } from '../wire/status.js';
import { authHandlers } from './auth.js';
import type { Call } from './call.js';
import { clusterHandlers } from './cluster.js';
import type { Handler, StreamHandler } from './context.js';
import { Desk } from './desk.js';
import { healthHandlers } from './health.js';
import { kvHandlers } from './kv.js';
import { maintenanceHandlers } from './maintenance.js';
import type { ApiState } from './state.js';

export interface MethodsOptions {
  readonly state: ApiState;
  /** --max-request-bytes */
  readonly requestBytesMax: number;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

/** Answers a call whose request message has come. Never rejects. */
export type Serve = (message: Buffer, call: Call) => Promise<void>;

type AnyMethod = Method<never, unknown, never, unknown>;
type AnyHandler = Handler<never, unknown>;

/** All that is served, by path: decodes the request, asks the handler, encodes what it gives or throws. */
export function servedMethods(options: MethodsOptions): ReadonlyMap<string, Serve> {
  const desk = new Desk(options.state);
  const health = healthHandlers(options.stopping);
  const served = new Map<string, Serve>();
  const add = (methods: Readonly<Record<string, AnyMethod>>, handlers: Readonly<Record<string, AnyHandler>>): void => {
    for (const [name, handler] of Object.entries(handlers)) {
      const method = methods[name];
      if (method !== undefined) served.set(method.path, unary(method, handler, desk, options));
    }
  };
  add(kvMethods, kvHandlers(desk));
  add(authMethods, authHandlers(desk));
  add(clusterMethods, clusterHandlers(desk));
  add(maintenanceMethods, maintenanceHandlers(desk));
  add({ check: healthMethods.check }, { check: health.check });
  served.set(healthMethods.watch.path, streaming(healthMethods.watch, health.watch, options));
  return served;
}

const unary =
  (method: AnyMethod, handler: AnyHandler, desk: Desk, { requestBytesMax, logger }: MethodsOptions): Serve =>
  async (message, call) => {
    try {
      checkSize(message, requestBytesMax);
      const request = decoded(method, message, call);
      if (request === undefined) return;
      desk.checkLeader(call);
      const response = await handler(request as never, call);
      call.answer(method.responseFrame(response as never));
    } catch (error) {
      fail(call, error, logger);
    }
  };

const streaming =
  <Request, Response>(
    method: Method<never, Request, Response, unknown>,
    handler: StreamHandler<Request, Response>,
    { logger }: MethodsOptions,
  ): Serve =>
  async (message, call) => {
    try {
      const request = decoded(method, message, call);
      if (request === undefined) return;
      for await (const response of handler(request, call)) {
        await call.write(method.responseFrame(response));
        if (call.over) return;
      }
      call.end();
    } catch (error) {
      fail(call, error, logger);
    }
  };

function checkSize({ length }: Buffer, bytesMax: number): void {
  if (length <= bytesMax) return;
  throw new ClusterError('request-too-large', `a request is at most ${bytesMax} bytes long`, { length });
}

/** The request, or undefined when the call has been told that this is none. */
function decoded<Request>(method: Method<never, Request, never, unknown>, message: Buffer, call: Call) {
  try {
    return method.requestDeserialize(message);
  } catch {
    call.end({ code: grpc.INTERNAL, text: 'Error deserializing request' });
    return undefined;
  }
}

function fail(call: Call, error: unknown, logger: Logger): void {
  // Then the error is most likely about that.
  if (call.over) return;
  const status = statusOf(error);
  if (status.code === grpc.INTERNAL) {
    logger.error('a request failed', { path: call.path, 'remote-addr': call.remote, error });
  }
  call.end(status);
}
