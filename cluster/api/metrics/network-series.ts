import type { MethodMeasures, PeerMeasures } from '../../measures.js';
import { exponential } from '../../measures.js';
import { idText } from '../../numbers.js';
import type { ApiState } from '../state.js';
import {
  counter,
  type Labelled,
  labelledCounter,
  labelledGauge,
  labelledHistogram,
  type Series,
  whether,
} from './series.js';

/** etcd_network_*: clients and other members. */
export function networkSeries(state: ApiState): readonly Series[] {
  const { measures, members } = state;
  const local = idText(state.consensus.status().memberId);
  const methods = () => [...measures.methods.values()];
  const peers =
    <Value>(label: 'To' | 'From', value: (peer: PeerMeasures) => Value) =>
    (): readonly Labelled<Value>[] =>
      [...measures.peers].map(([id, peer]) => [{ [label]: id }, value(peer)]);
  const pairs = (value: (peer: PeerMeasures) => number) => (): readonly Labelled<number>[] =>
    [...measures.peers].map(([id, peer]) => [{ Local: local, Remote: id }, value(peer)]);
  const snapshotSeconds = exponential(0.1, 2, 10);
  return [
    counter(
      'etcd_network_client_grpc_received_bytes_total',
      'The total number of bytes received from grpc clients.',
      () => methods().reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
    ),
    counter('etcd_network_client_grpc_sent_bytes_total', 'The total number of bytes sent to grpc clients.', () =>
      methods().reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    ),
    labelledGauge(
      'etcd_network_active_peers',
      'The current number of active peer connections.',
      ['Local', 'Remote'],
      pairs(({ connected }) => whether(connected)),
    ),
    labelledGauge('etcd_network_known_peers', 'The current number of known peers.', ['Local', 'Remote'], () => [
      ...members.list().map(({ id }): Labelled<number> => [{ Local: local, Remote: idText(id) }, 1]),
      ...[...members.removed].map((id): Labelled<number> => [{ Local: local, Remote: idText(id) }, 0]),
    ]),
    labelledCounter(
      'etcd_network_disconnected_peers_total',
      'The total number of disconnected peers.',
      ['Local', 'Remote'],
      pairs(({ disconnections }) => disconnections),
    ),
    labelledCounter(
      'etcd_network_peer_sent_bytes_total',
      'The total number of bytes sent to peers.',
      ['To'],
      peers('To', (each) => each.sentBytes),
    ),
    labelledCounter(
      'etcd_network_peer_received_bytes_total',
      'The total number of bytes received from peers.',
      ['From'],
      peers('From', (each) => each.receivedBytes),
    ),
    labelledCounter(
      'etcd_network_peer_sent_failures_total',
      'The total number of send failures from peers.',
      ['To'],
      peers('To', (each) => each.sendFailures),
    ),
    labelledCounter(
      'etcd_network_peer_received_failures_total',
      'The total number of receive failures from peers.',
      ['From'],
      peers('From', (each) => each.receiveFailures),
    ),
    labelledHistogram(
      'etcd_network_peer_round_trip_time_seconds',
      'Round-Trip-Time histogram between peers',
      ['To'],
      exponential(0.0001, 2, 16),
      peers('To', (each) => each.roundTripSeconds),
    ),
    labelledCounter(
      'etcd_network_snapshot_send_success',
      'Total number of successful snapshot sends',
      ['To'],
      peers('To', (each) => each.snapshotsSent),
    ),
    labelledCounter(
      'etcd_network_snapshot_send_failures',
      'Total number of snapshot send failures',
      ['To'],
      peers('To', (each) => each.snapshotSendFailures),
    ),
    labelledGauge(
      'etcd_network_snapshot_send_inflights_total',
      'Total number of inflight snapshot sends',
      ['To'],
      peers('To', (each) => each.snapshotsBeingSent),
    ),
    labelledHistogram(
      'etcd_network_snapshot_send_total_duration_seconds',
      'Total latency distributions of v3 snapshot sends',
      ['To'],
      snapshotSeconds,
      peers('To', (each) => each.snapshotSendSeconds),
    ),
    labelledCounter(
      'etcd_network_snapshot_receive_success',
      'Total number of successful snapshot receives',
      ['From'],
      peers('From', (each) => each.snapshotsReceived),
    ),
    labelledCounter(
      'etcd_network_snapshot_receive_failures',
      'Total number of snapshot receive failures',
      ['From'],
      peers('From', (each) => each.snapshotReceiveFailures),
    ),
    labelledGauge(
      'etcd_network_snapshot_receive_inflights_total',
      'Total number of inflight snapshot receives',
      ['From'],
      peers('From', (each) => each.snapshotsBeingReceived),
    ),
    labelledHistogram(
      'etcd_network_snapshot_receive_total_duration_seconds',
      'Total latency distributions of v3 snapshot receives',
      ['From'],
      snapshotSeconds,
      peers('From', (each) => each.snapshotReceiveSeconds),
    ),
  ];
}

/** Go's names of gRPC's statuses, by number. */
const codes = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists'],
  ...['PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented'],
  ...['Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'],
];

const methodLabels = ['grpc_type', 'grpc_service', 'grpc_method'];

function labelsOf(path: string, { type }: MethodMeasures) {
  const [, service = '', method = ''] = path.split('/');
  return { grpc_type: type, grpc_service: service, grpc_method: method };
}

/** grpc_server_*: calls by method, as grpc-prometheus counts them. Of statuses that never came only OK is listed. */
export function callSeries({ measures }: ApiState): readonly Series[] {
  const each = (read: (method: MethodMeasures) => number) => (): readonly Labelled<number>[] =>
    [...measures.methods].map(([path, method]) => [labelsOf(path, method), read(method)]);
  const handled = (): readonly Labelled<number>[] =>
    [...measures.methods].flatMap(([path, method]) =>
      method.handled.flatMap((count, code): readonly Labelled<number>[] =>
        count > 0 || code === 0 ? [[{ ...labelsOf(path, method), grpc_code: codes[code] ?? 'Unknown' }, count]] : [],
      ),
    );
  const calls = [
    labelledCounter(
      'grpc_server_started_total',
      'Total number of RPCs started on the server.',
      methodLabels,
      each(({ started }) => started),
    ),
    labelledCounter(
      'grpc_server_handled_total',
      'Total number of RPCs completed on the server, regardless of success or failure.',
      [...methodLabels, 'grpc_code'],
      handled,
    ),
    labelledCounter(
      'grpc_server_msg_received_total',
      'Total number of RPC stream messages received on the server.',
      methodLabels,
      each(({ received }) => received),
    ),
    labelledCounter(
      'grpc_server_msg_sent_total',
      'Total number of gRPC stream messages sent by the server.',
      methodLabels,
      each(({ sent }) => sent),
    ),
  ];
  return measures.extensive ? [...calls, handlingSeconds(measures.methods)] : calls;
}

const handlingSeconds = (methods: ReadonlyMap<string, MethodMeasures>): Series =>
  labelledHistogram(
    'grpc_server_handling_seconds',
    'Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.',
    methodLabels,
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    () =>
      [...methods].flatMap(([path, method]) =>
        method.seconds === undefined ? [] : [[labelsOf(path, method), method.seconds] as const],
      ),
  );
