import type { Logger } from '../logger.js';
import type { Method } from '../wire/method.js';
import {
  authMethods,
  clusterMethods,
  electionMethods,
  healthMethods,
  kvMethods,
  leaseMethods,
  lockMethods,
  maintenanceMethods,
  watchMethods,
} from '../wire/services.js';
import { Audit } from './audit/audit.js';
import { authHandlers } from './auth.js';
import { clusterHandlers } from './cluster.js';
import type { Handler } from './context.js';
import { checksumHandlers, snapshotHandler } from './copies.js';
import { Desk } from './desk.js';
import { electionHandlers, observeHandler } from './election.js';
import { healthHandlers } from './health.js';
import { keepAliveHandler } from './keep-alive.js';
import { bidirectional, type Served, streaming, unary } from './kinds.js';
import { kvHandlers } from './kv.js';
import { leaseHandlers } from './lease.js';
import { overheadBytes } from './limits.js';
import { lockHandlers } from './lock.js';
import { maintenanceHandlers } from './maintenance.js';
import { rangeStreamHandler } from './range-stream.js';
import { type SlowLimits, SlowRequests } from './slow-requests.js';
import type { ApiState } from './state.js';
import { watchHandler } from './watch.js';

export interface MethodsOptions {
  readonly state: ApiState;
  /** --max-request-bytes */
  readonly requestBytesMax: number;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
  readonly slowLimits: SlowLimits;
}

type AnyMethod = Method<never, object, never, unknown>;
type AnyHandler = Handler<never, unknown>;

/** All that is served, by path. */
export function servedMethods(options: MethodsOptions): ReadonlyMap<string, Served> {
  const desk = new Desk(options.state);
  const health = healthHandlers(options.stopping);
  const { state, logger, slowLimits } = options;
  const slow = new SlowRequests(logger, slowLimits);
  const audit = state.audit && new Audit(state, state.audit);
  const kinds = { ...options, desk, slow, audit, measures: state.measures };
  const served = new Map<string, Served>();
  const add = (methods: Readonly<Record<string, AnyMethod>>, handlers: Readonly<Record<string, AnyHandler>>): void => {
    for (const [name, handler] of Object.entries(handlers)) {
      const method = methods[name];
      if (method !== undefined) served.set(method.path, unary(method, handler as Handler<object, never>, kinds));
    }
  };
  add(kvMethods, kvHandlers(desk));
  const rangeStream = rangeStreamHandler(desk, options.requestBytesMax);
  served.set(kvMethods.rangeStream.path, streaming(kvMethods.rangeStream, rangeStream, kinds));
  add(authMethods, authHandlers(desk));
  add(leaseMethods, leaseHandlers(desk));
  served.set(
    leaseMethods.leaseKeepAlive.path,
    bidirectional(leaseMethods.leaseKeepAlive, keepAliveHandler(desk), kinds),
  );
  add(lockMethods, lockHandlers(desk));
  add(electionMethods, electionHandlers(desk));
  served.set(electionMethods.observe.path, streaming(electionMethods.observe, observeHandler(desk), kinds));
  add(clusterMethods, clusterHandlers(desk));
  add(maintenanceMethods, maintenanceHandlers(desk));
  add(maintenanceMethods, checksumHandlers(desk));
  served.set(maintenanceMethods.snapshot.path, streaming(maintenanceMethods.snapshot, snapshotHandler(desk), kinds));
  add(healthMethods, { check: health.check, list: health.list });
  const messageBytesMax = options.requestBytesMax + overheadBytes;
  served.set(watchMethods.watch.path, bidirectional(watchMethods.watch, watchHandler(desk, messageBytesMax), kinds));
  served.set(healthMethods.watch.path, streaming(healthMethods.watch, health.watch, kinds));
  return served;
}
