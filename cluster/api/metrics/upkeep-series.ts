import type { ApiState } from '../state.js';
import { counter, gauge, histogram, type Series } from './series.js';

/** What becomes of history: compactions, checksums, events that wait, reads that hold on to a state. */
export function upkeepSeries(state: ApiState): readonly Series[] {
  const { measures } = state;
  const { compaction } = measures.keys;
  return [
    histogram(
      'etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds',
      'Bucketed histogram of db compaction pause duration.',
      compaction.sliceMs,
    ),
    histogram(
      'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
      'Bucketed histogram of db compaction total duration.',
      compaction.totalMs,
    ),
    gauge(
      'etcd_debugging_mvcc_db_compaction_last',
      'The unix time of the last db compaction. Resets to 0 on start.',
      () => compaction.lastSeconds,
    ),
    counter(
      'etcd_debugging_mvcc_db_compaction_keys_total',
      'Total number of db keys compacted.',
      () => compaction.removed,
    ),
    histogram(
      'etcd_mvcc_hash_duration_seconds',
      'The latency distribution of storage hash operation.',
      measures.hashSeconds,
    ),
    histogram(
      'etcd_mvcc_hash_rev_duration_seconds',
      'The latency distribution of storage hash by revision operation.',
      measures.hashKeysSeconds,
    ),
    gauge('etcd_mvcc_db_open_read_transactions', 'The number of currently open read transactions', () =>
      state.storage.openReads(),
    ),
    gauge(
      'etcd_debugging_mvcc_pending_events_total',
      'Total number of pending events to be sent.',
      () => state.watches.pendingEvents,
    ),
    counter(
      'etcd_debugging_lease_renewed_total',
      'The number of renewed leases seen by the leader.',
      () => measures.leases.renewed,
    ),
    counter(
      'etcd_debugging_server_lease_expired_total',
      'The total number of expired leases.',
      () => measures.leases.expired,
    ),
  ];
}
