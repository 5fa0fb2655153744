import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { noMember } from '../numbers.js';
import { statusOf } from '../wire/status.js';
import type { ApiState } from './state.js';
import { etcdVersion } from './version.js';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
}

/** etcd's probes wait that long by default. */
const healthTimeoutMs = 5000;

const unhealthy = (reason: string): Answer => ({ status: 503, body: { health: 'false', reason } });

/** Whether a read that every member agrees on goes through; `?serializable=true`: whether this member is up. */
async function health({ consensus }: ApiState, url: URL): Promise<Answer> {
  const healthy: Answer = { status: 200, body: { health: 'true', reason: '' } };
  if (url.searchParams.get('serializable') === 'true') return healthy;
  if (consensus.status().leader === noMember) return unhealthy('RAFT NO LEADER');
  try {
    await consensus.linearize(AbortSignal.timeout(healthTimeoutMs));
    return healthy;
  } catch (error) {
    return unhealthy(`RANGE ERROR:${statusOf(error).text}`);
  }
}

const version = ({ version }: ApiState): Answer => ({
  status: 200,
  body: { etcdserver: etcdVersion, etcdcluster: etcdVersion, quorate: version },
});

async function answer(state: ApiState, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://member');
  const known = url.pathname === '/health' || url.pathname === '/version';
  if (!known) return { status: 404, body: { error: `there is no ${url.pathname} here` } };
  if (request.method !== 'GET') return { status: 405, body: { error: 'only GET is served here' } };
  return url.pathname === '/health' ? health(state, url) : version(state);
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 405 ? { allow: 'GET' } : {}) });
  response.end(`${JSON.stringify(body)}\n`);
}

/** `/health` and `/version` as etcd answers them over HTTP/1.1, on the same port as gRPC. */
export const httpHandler =
  (state: ApiState): RequestListener =>
  (request, response) => {
    request.resume();
    answer(state, request).then(
      (each) => send(response, each),
      () => send(response, { status: 400, body: { error: 'the request does not read as one' } }),
    );
  };
