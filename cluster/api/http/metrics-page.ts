import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ApiState } from '../state.js';
import type { PageRequest } from './page.js';
import type { Page } from './probes.js';

type Registry = ReturnType<typeof import('../metrics/registry.js')['metricsRegistry']>;

const registries = new WeakMap<ApiState, Promise<Registry>>();
const compressed = promisify(gzip);

/** /metrics, in Prometheus' text, to any method as in etcd. Its code is loaded by the first scrape. */
export const metricsPage: Page = async (state, _, request) => {
  const known =
    registries.get(state) ?? import('../metrics/registry.js').then(({ metricsRegistry }) => metricsRegistry(state));
  registries.set(state, known);
  const registry = await known;
  const page = { status: 200, type: registry.contentType, body: await registry.metrics() };
  if (!takesGzip(request)) return page;
  return { ...page, body: await compressed(page.body), headers: { 'content-encoding': 'gzip' } };
};

/** By name, and not with a weight of 0 (RFC 9110 12.5.3). */
export const takesGzip = ({ headers }: Pick<PageRequest, 'headers'>): boolean =>
  String(headers['accept-encoding'] ?? '')
    .split(',')
    .some((coding) => /^\s*gzip\s*(;\s*q=(1|0\.0*[1-9])[\d.]*\s*)?$/i.test(coding));
