import type { ApiState } from '../state.js';
import type { Page } from './probes.js';

type Registry = ReturnType<typeof import('../metrics/registry.js')['metricsRegistry']>;

const registries = new WeakMap<ApiState, Promise<Registry>>();

/** /metrics, in Prometheus' text. Its code is loaded by the first scrape. */
export const metricsPage: Page = async (state) => {
  const known =
    registries.get(state) ?? import('../metrics/registry.js').then(({ metricsRegistry }) => metricsRegistry(state));
  registries.set(state, known);
  const registry = await known;
  return { status: 200, type: registry.contentType, body: await registry.metrics() };
};
