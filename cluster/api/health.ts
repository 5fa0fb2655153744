import { once } from 'node:events';
import { ClusterError } from '../errors.js';
import { grpc } from '../wire/generated/messages.js';
import type { RequestOf, ResponseOf } from '../wire/method.js';
import type { healthMethods } from '../wire/services.js';
import type { Handler, StreamHandler } from './context.js';

type Request = RequestOf<typeof healthMethods.check>;
type Response = ResponseOf<typeof healthMethods.check>;
type ListRequest = RequestOf<typeof healthMethods.list>;
type ListResponse = ResponseOf<typeof healthMethods.list>;
const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = grpc.health.v1.HealthCheckResponse.ServingStatus;

export interface HealthHandlers {
  readonly check: Handler<Request, Response>;
  readonly list: Handler<ListRequest, ListResponse>;
  readonly watch: StreamHandler<Request, Response>;
}

/**
 * grpc.health.v1.Health for the server as a whole, as etcd has it: it serves from its start until `stopping` aborts.
 * Whether the cluster has a quorum is asked at /health.
 */
export function healthHandlers(stopping: AbortSignal): HealthHandlers {
  const current = () => (stopping.aborted ? NOT_SERVING : SERVING);
  return {
    async check({ service }) {
      if (service === '') return { status: current() };
      throw new ClusterError('unknown-service', `no service "${service}"`, { service });
    },

    /** Of the server as a whole only, whose name is empty. */
    async list() {
      return { statuses: { '': { status: current() } } };
    },

    /** A stream stays open on an unknown service, which might appear (gRPC health checking protocol). */
    async *watch({ service }, { signal }) {
      yield { status: service === '' ? current() : SERVICE_UNKNOWN };
      if (stopping.aborted) return;
      await aborted(AbortSignal.any([stopping, signal]));
      if (!signal.aborted) yield { status: service === '' ? NOT_SERVING : SERVICE_UNKNOWN };
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
