import { noMember } from '../numbers.js';
import { statusOf } from '../wire/status.js';
import type { ApiState } from './state.js';
import { etcdVersion } from './version.js';

interface Answer {
  readonly status: number;
  /** An object goes out as JSON, a text as it is. */
  readonly body: Readonly<Record<string, string>> | string;
}

/** What this needs of a request and a response of either version: those of node:http, and of node:http2. */
interface PageRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  resume(): unknown;
}
interface PageResponse {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: string): unknown;
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

/** Whether this member is up. */
const live: Answer = { status: 200, body: 'ok' };

/** Whether clients can be sent here. */
async function ready(state: ApiState, url: URL): Promise<Answer> {
  const { status, body } = await health(state, url);
  return status === 200 || typeof body === 'string' ? live : { status, body: `not ok: ${body.reason}` };
}

const pages: Readonly<Record<string, (state: ApiState, url: URL) => Answer | Promise<Answer>>> = {
  '/health': health,
  '/livez': () => live,
  '/readyz': ready,
  '/version': version,
};

async function answer(state: ApiState, request: PageRequest): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://member');
  const page = Object.hasOwn(pages, url.pathname) ? pages[url.pathname] : undefined;
  if (page === undefined) return { status: 404, body: { error: `there is no ${url.pathname} here` } };
  if (request.method !== 'GET') return { status: 405, body: { error: 'only GET is served here' } };
  return page(state, url);
}

function send(response: PageResponse, { status, body }: Answer): void {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...(status === 405 ? { allow: 'GET' } : {}) });
  response.end(`${typeof body === 'string' ? body : JSON.stringify(body)}\n`);
}

/** `/health`, `/livez`, `/readyz` and `/version` as etcd answers them over HTTP/1.1 and HTTP/2, on the same port as gRPC. */
export const httpHandler =
  (state: ApiState) =>
  (request: PageRequest, response: PageResponse): void => {
    request.resume();
    answer(state, request).then(
      (each) => send(response, each),
      () => send(response, { status: 400, body: { error: 'the request does not read as one' } }),
    );
  };
