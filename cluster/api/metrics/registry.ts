import { Counter, Gauge, type MetricType, Histogram as PrometheusHistogram, Registry } from 'prom-client';
import type { Histogram } from '../../measures.js';
import type { ApiState } from '../state.js';
import { callSeries, networkSeries } from './network-series.js';
import { processSeries } from './process-series.js';
import { requestSeries } from './request-series.js';
import type { Labelled, Labels, Series } from './series.js';
import { serverSeries, storeSeries } from './server-series.js';
import { upkeepSeries } from './upkeep-series.js';

// Loaded by the first scrape: prom-client and the table of metrics are nothing that a member needs to start.

type HistogramSeries = Extract<Series, { type: 'histogram' }>;

/** Shows what was counted elsewhere, in place of what prom-client would count itself: its `observe` costs 50 times as much. */
class CountedHistogram extends PrometheusHistogram<string> {
  readonly #series: HistogramSeries;

  constructor(series: HistogramSeries, registry: Registry) {
    const { name, help, bounds, labelNames = [] } = series;
    super({ name, help, labelNames: [...labelNames], buckets: [...bounds], registers: [registry] });
    this.#series = series;
  }

  override async get() {
    const { name, help, read } = this.#series;
    // An enum that prom-client's types have and its code does not.
    const type = 'histogram' as unknown as MetricType;
    const values = read().flatMap((each) => samples(name, each));
    return { name, help, type, aggregator: 'sum' as const, collect: () => {}, values };
  }

  /** What a registry asks for, where there is one. */
  getForPromString() {
    return this.get();
  }
}

function samples(name: string, [labels, counted]: Labelled<Histogram>) {
  const sample = (suffix: string, value: number, more: Labels = {}) => ({
    ...{ metricName: `${name}_${suffix}`, value },
    labels: { ...labels, ...more },
  });
  let below = 0;
  const buckets = counted.counts.map((count, at) => {
    below += count;
    const bound = counted.bounds[at];
    return sample('bucket', below, { le: bound === undefined ? '+Inf' : String(bound) });
  });
  return [...buckets, sample('sum', counted.sum), sample('count', below)];
}

function register(series: Series, registry: Registry): void {
  const { name, help, labelNames = [], type } = series;
  if (type === 'histogram') {
    new CountedHistogram(series, registry);
    return;
  }
  const configuration = { name, help, labelNames: [...labelNames], registers: [registry] };
  if (type === 'gauge') {
    const shown: Gauge = new Gauge({
      ...configuration,
      collect: () => {
        shown.reset();
        for (const [labels, value] of series.read()) shown.set(labels, value);
      },
    });
  } else {
    const shown: Counter = new Counter({
      ...configuration,
      collect: () => {
        shown.reset();
        for (const [labels, value] of series.read()) shown.inc(labels, value);
      },
    });
  }
}

/** A registry of this member's own: several members may live in one process. */
export function metricsRegistry(state: ApiState): Pick<Registry, 'metrics' | 'contentType'> {
  const registry = new Registry();
  const all = [
    ...serverSeries(state),
    ...requestSeries(state),
    ...storeSeries(state),
    ...upkeepSeries(state),
    ...networkSeries(state),
    ...callSeries(state),
    ...processSeries(),
  ];
  for (const series of all) register(series, registry);
  return registry;
}
