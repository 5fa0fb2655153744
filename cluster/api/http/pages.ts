import type { Logger } from '../../logger.js';
import { Audit } from '../audit/audit.js';
import { certificateOf } from '../certificate.js';
import { etcdVersions } from '../downgrade.js';
import type { ApiState } from '../state.js';
import { type AccessOptions, corsHeaders, refusal } from './access.js';
import type { Gateway } from './gateway.js';
import { metricsPage } from './metrics-page.js';
import {
  type Answer,
  answerAtOnce,
  limitBody,
  notFound,
  type PageHandler,
  type PageRequest,
  type PageResponse,
  send,
} from './page.js';
import { getOnly, type Page, probePages } from './probes.js';
import { varsPage } from './vars-page.js';

export interface PagesOptions {
  readonly state: ApiState;
  readonly logger: Logger;
  readonly access: AccessOptions;
  /** Made when the first request comes for it: it is most of the code here. Undefined: --enable-grpc-gateway=false. */
  readonly gateway: (() => Promise<Gateway>) | undefined;
}

const version: Page = ({ version }) => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify({ ...etcdVersions, quorate: version }),
});

const clientPages: ReadonlyMap<string, Page> = new Map([
  ...probePages,
  ['/metrics', metricsPage],
  ['/version', getOnly(version)],
  ['/debug/vars', getOnly(varsPage)],
]);

const metricsPages: ReadonlyMap<string, Page> = new Map([...probePages, ['/metrics', metricsPage]]);

/** What is on the client port besides gRPC, over HTTP/1.1 and HTTP/2: the JSON gateway, probes, the version. */
export function clientPageHandler({ state, logger, access, gateway }: PagesOptions): PageHandler {
  const audit = state.audit && new Audit(state, state.audit);
  return (request, response) => {
    const url = urlOf(request);
    if (url === undefined) return answerAtOnce(request, response, badRequest);
    // Where the API was before etcd 3.4.
    const path = url.pathname.replace(/^\/v3beta\//, '/v3/');
    const refused = refusal(access, state, request, path);
    if (refused !== undefined) {
      audit?.turnedAway(callerOf(request, path), refused.body.trim().split('\n')[0] ?? '');
      return answerAtOnce(request, response, refused);
    }
    for (const [name, value] of Object.entries(corsHeaders(access, request))) response.setHeader(name, value);
    if (request.method === 'OPTIONS')
      return answerAtOnce(request, response, { status: 200, type: 'text/plain', body: '' });
    if (gateway !== undefined && path.startsWith('/v3/')) {
      gateway().then(
        (loaded) => loaded.serve(path, request, response),
        (error: unknown) => fail(logger, path, request, response, error),
      );
      return;
    }
    answerPage({ state, logger }, clientPages.get(path), request, response, url);
  };
}

const callerOf = ({ socket, method }: PageRequest, path: string) => ({
  path: `${method} ${path}`,
  remote: `${socket.remoteAddress}:${socket.remotePort}`,
  certificate: certificateOf(socket),
});

/** What is on --listen-metrics-urls. */
export const probePageHandler =
  (parts: PageParts): PageHandler =>
  (request, response) => {
    const url = urlOf(request);
    if (url === undefined) answerAtOnce(request, response, badRequest);
    else answerPage(parts, metricsPages.get(url.pathname), request, response, url);
  };

type PageParts = Pick<PagesOptions, 'state' | 'logger'>;

function answerPage(
  { state, logger }: PageParts,
  page: Page | undefined,
  request: PageRequest,
  response: PageResponse,
  url: URL,
): void {
  if (page === undefined) {
    answerAtOnce(request, response, notFound);
    return;
  }
  limitBody(request);
  request.resume();
  (async () => send(response, await page(state, url, request)))().catch((error: unknown) =>
    fail(logger, url.pathname, request, response, error),
  );
}

function fail(logger: Logger, path: string, request: PageRequest, response: PageResponse, error: unknown): void {
  logger.error('a request failed', { path, error });
  answerAtOnce(request, response, failed);
}

const badRequest: Answer = {
  status: 400,
  type: 'text/plain; charset=utf-8',
  body: 'the request does not read as one\n',
};
const failed: Answer = { status: 500, type: 'text/plain; charset=utf-8', body: 'internal error\n' };

function urlOf({ url = '/' }: PageRequest): URL | undefined {
  try {
    return new URL(url, 'http://member');
  } catch {
    return undefined;
  }
}
