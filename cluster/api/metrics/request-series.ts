import { type Durations, type Histogram, requestSeconds, type VersionMeasures } from '../../measures.js';
import type { ApiState } from '../state.js';
import {
  counter,
  type Labelled,
  type Labels,
  labelledCounter,
  labelledGauge,
  labelledHistogram,
  type Series,
  whether,
} from './series.js';

/** What clients and probes ask for, and what becomes of it. Names and help as in etcd. */
export function requestSeries({ measures }: ApiState): readonly Series[] {
  const { unaryRequests, streamRequests } = measures;
  return [
    labelledCounter(
      'etcd_server_client_requests_total',
      'The total number of client requests per client version.',
      ['type', 'client_api_version'],
      () => [...byVersion('unary', unaryRequests), ...byVersion('stream', streamRequests)],
    ),
    labelledCounter(
      'etcd_network_server_stream_failures_total',
      'The total number of stream failures from the local server.',
      ['Type', 'API'],
      () =>
        Object.entries(streams).map(([path, API]) => [
          { Type: 'receive', API },
          measures.methods.get(path)?.unreadable ?? 0,
        ]),
    ),
    labelledHistogram(
      'etcd_server_apply_duration_seconds',
      'The latency distributions of v2 apply called by backend.',
      ['version', 'op', 'success'],
      requestSeconds,
      () => [...measures.applies].flatMap(([op, durations]) => bySuccess({ version: 'v3', op }, durations)),
    ),
    labelledHistogram(
      'etcd_server_range_duration_seconds',
      'The latency distributions of txn.Range',
      ['success'],
      requestSeconds,
      () => bySuccess({}, measures.ranges),
    ),
    ...checkSeries(measures),
    labelledCounter(
      'etcd_server_learner_promote_failures',
      'The total number of failed learner promotions (likely learner not ready) while this member is leader.',
      ['Reason'],
      () => [...measures.promotionFailures].map(([Reason, count]) => [{ Reason }, count]),
    ),
    counter('etcd_debugging_mvcc_events_total', 'Total number of events sent by this member.', () => measures.events),
  ];
}

/** Sending fails only where the client has gone, which etcd does not count. */
const streams = { '/etcdserverpb.Watch/Watch': 'watch', '/etcdserverpb.Lease/LeaseKeepAlive': 'lease-keepalive' };

const byVersion = (type: string, { counts }: VersionMeasures): readonly Labelled<number>[] =>
  [...counts].map(([version, count]) => [{ type, client_api_version: version }, count]);

const bySuccess = (labels: Labels, { succeeded, failed }: Durations): readonly Labelled<Histogram>[] =>
  [[{ ...labels, success: 'true' }, succeeded] as const, [{ ...labels, success: 'false' }, failed] as const].filter(
    ([, { count }]) => count > 0,
  );

function checkSeries({ checks }: ApiState['measures']): readonly Series[] {
  const all = () =>
    [...checks].map(([check, counted]) => {
      const [type = '', name = ''] = check.split('/');
      return { labels: { type, name }, counted };
    });
  return [
    labelledGauge('etcd_server_healthcheck', 'The result of each kind of healthcheck.', ['type', 'name'], () =>
      all().map(({ labels, counted }) => [labels, whether(counted.holds)]),
    ),
    labelledCounter(
      'etcd_server_healthchecks_total',
      'The total number of each kind of healthcheck.',
      ['type', 'name', 'status'],
      () =>
        all().flatMap(({ labels, counted: { successes, failures } }): readonly Labelled<number>[] =>
          [
            [{ ...labels, status: 'success' }, successes] as const,
            [{ ...labels, status: 'error' }, failures] as const,
          ].filter(([, count]) => count > 0),
        ),
    ),
  ];
}
