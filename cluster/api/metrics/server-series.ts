import { alarmText } from '../../alarms/alarms.js';
import { idText, noMember } from '../../numbers.js';
import { anyRead } from '../http/probes.js';
import type { ApiState } from '../state.js';
import { etcdVersion } from '../version.js';
import { counter, gauge, histogram, labelledGauge, type Series, whether } from './series.js';

/** etcd_server_*, etcd_cluster_*: raft and requests. Names and help as in etcd. */
export function serverSeries(state: ApiState): readonly Series[] {
  const { consensus, members, measures, pendingProposals } = state;
  const status = () => consensus.status();
  const { memberId } = status();
  const one = (label: string, value: string) => (): readonly [[Readonly<Record<string, string>>, number]] => [
    [{ [label]: value }, 1],
  ];
  return [
    gauge('etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.', () =>
      whether(status().leader !== noMember),
    ),
    gauge('etcd_server_is_leader', 'Whether or not this member is a leader. 1 if is, 0 otherwise.', () =>
      whether(status().leader === memberId),
    ),
    gauge('etcd_server_is_learner', 'Whether or not this member is a learner. 1 if is, 0 otherwise.', () =>
      whether(members.member(memberId)?.isLearner ?? false),
    ),
    counter(
      'etcd_server_leader_changes_seen_total',
      'The number of leader changes seen.',
      () => measures.leaderChanges,
    ),
    counter(
      'etcd_server_heartbeat_send_failures_total',
      'The total number of leader heartbeat send failures (likely overloaded from slow disk).',
      () => measures.lateHeartbeats,
    ),
    gauge(
      'etcd_server_proposals_committed_total',
      'The total number of consensus proposals committed.',
      () => status().commitIndex,
    ),
    gauge(
      'etcd_server_proposals_applied_total',
      'The total number of consensus proposals applied.',
      () => status().appliedIndex,
    ),
    gauge('etcd_server_proposals_pending', 'The current number of pending proposals to commit.', pendingProposals),
    counter(
      'etcd_server_proposals_failed_total',
      'The total number of failed proposals seen.',
      () => measures.proposalsFailed,
    ),
    counter(
      'etcd_server_slow_apply_total',
      'The total number of slow apply requests (likely overloaded from slow disk).',
      () => measures.slowApplies,
    ),
    counter(
      'etcd_server_slow_read_indexes_total',
      "The total number of pending read indexes not in sync with leader's or timed out read index requests.",
      () => measures.slowReadIndexes,
    ),
    counter(
      'etcd_server_read_indexes_failed_total',
      'The total number of failed read indexes seen.',
      () => measures.failedReadIndexes,
    ),
    gauge(
      'etcd_server_snapshot_apply_in_progress_total',
      '1 if the server is applying the incoming snapshot. 0 if none.',
      () => measures.snapshotBeingInstalled,
    ),
    counter(
      'etcd_server_health_success',
      'The total number of successful health checks',
      () => measures.healthSuccesses,
    ),
    counter('etcd_server_health_failures', 'The total number of failed health checks', () => measures.healthFailures),
    gauge(
      'etcd_server_quota_backend_bytes',
      'Current backend storage quota size in bytes.',
      () => state.storage.quota ?? 0,
    ),
    labelledGauge(
      'etcd_server_version',
      "Which version is running. 1 for 'server_version' label with current version.",
      ['server_version'],
      one('server_version', etcdVersion),
    ),
    labelledGauge(
      'etcd_cluster_version',
      "Which version is running. 1 for 'cluster_version' label with current cluster version",
      ['cluster_version'],
      one('cluster_version', etcdVersion.replace(/\.\d+$/, '')),
    ),
    labelledGauge(
      'etcd_server_id',
      "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
      ['server_id'],
      one('server_id', idText(memberId)),
    ),
    counter(
      'etcd_server_learner_promote_successes',
      'The total number of successful learner promotions while this member is leader.',
      () => measures.promotions,
    ),
    labelledGauge(
      'etcd_server_feature_enabled',
      'Whether or not a feature is enabled. 1 is enabled, 0 is not.',
      ['name', 'stage'],
      () => state.features.map(({ name, stage, enabled }) => [{ name, stage }, whether(enabled)]),
    ),
    labelledGauge(
      'etcd_debugging_server_alarms',
      "Alarms for every member in cluster. 1 for 'server_id' label with current ID. 2 for 'alarm_type' label with type of this alarm",
      ['server_id', 'alarm_type'],
      () =>
        state.alarms
          .list()
          .map(({ member, alarm }) => [{ server_id: idText(member), alarm_type: alarmText(alarm) }, 1]),
    ),
    gauge('etcd_debugging_auth_revision', 'The current revision of auth store.', () => state.auth.revision),
    counter('quorate_audit_records_total', 'Requests written to the audit log.', () => state.audit?.written ?? 0),
    counter(
      'quorate_audit_dropped_total',
      'Requests that could not be written to the audit log.',
      () => state.audit?.dropped ?? 0,
    ),
    labelledGauge(
      'quorate_version',
      "Which version of the included store is running. 1 for 'version' label with current version.",
      ['version'],
      one('version', state.version),
    ),
  ];
}

/** Counted by the store itself, without a look at each. */
const keyCount = ({ kv }: ApiState): number =>
  kv.range({ ...anyRead, end: Uint8Array.of(0), limit: 0, countOnly: true }).count;

/** etcd_disk_*, etcd_mvcc_*, etcd_debugging_mvcc_*: disks and keys. */
export function storeSeries(state: ApiState): readonly Series[] {
  const { measures, watches } = state;
  const { keys, leases } = measures;
  return [
    histogram(
      'etcd_disk_wal_fsync_duration_seconds',
      'The latency distributions of fsync called by WAL.',
      measures.logSyncSeconds,
    ),
    histogram(
      'etcd_disk_wal_write_duration_seconds',
      'The latency distributions of write called by WAL.',
      measures.logWriteSeconds,
    ),
    gauge('etcd_disk_wal_write_bytes_total', 'Total number of bytes written in WAL.', () => measures.logWrittenBytes),
    histogram(
      'etcd_disk_backend_commit_duration_seconds',
      'The latency distributions of commit called by backend.',
      measures.commitSeconds,
    ),
    histogram(
      'etcd_disk_backend_snapshot_duration_seconds',
      'The latency distribution of backend snapshots.',
      measures.copySeconds,
    ),
    gauge(
      'etcd_mvcc_db_total_size_in_bytes',
      'Total size of the underlying database physically allocated in bytes.',
      () => state.storage.size(),
    ),
    gauge(
      'etcd_mvcc_db_total_size_in_use_in_bytes',
      'Total size of the underlying database logically in use in bytes.',
      () => state.storage.sizeInUse(),
    ),
    counter('etcd_mvcc_range_total', 'Total number of ranges seen by this member.', () => keys.ranges),
    counter('etcd_mvcc_put_total', 'Total number of puts seen by this member.', () => keys.puts),
    counter('etcd_mvcc_delete_total', 'Total number of deletes seen by this member.', () => keys.deletes),
    counter('etcd_mvcc_txn_total', 'Total number of txns seen by this member.', () => keys.txns),
    gauge(
      'etcd_debugging_mvcc_total_put_size_in_bytes',
      'The total size of put kv pairs seen by this member.',
      () => keys.putBytes,
    ),
    histogram(
      'etcd_disk_backend_defrag_duration_seconds',
      'The latency distribution of backend defragmentation.',
      measures.defragmentSeconds,
    ),
    gauge(
      'etcd_disk_defrag_inflight',
      'Whether or not defrag is active on the member. 1 means active, 0 means not.',
      () => measures.defragmenting,
    ),
    counter('etcd_debugging_lease_granted_total', 'The total number of granted leases.', () => leases.granted),
    counter('etcd_debugging_lease_revoked_total', 'The total number of revoked leases.', () => leases.revoked),
    histogram('etcd_debugging_lease_ttl_total', 'Bucketed histogram of lease TTLs.', leases.grantedSeconds),
    gauge('etcd_debugging_mvcc_current_revision', 'The current revision of store.', () => state.kv.revision),
    gauge(
      'etcd_debugging_mvcc_compact_revision',
      'The revision of the last compaction in store.',
      () => state.kv.compactedRevision,
    ),
    gauge('etcd_debugging_mvcc_keys_total', 'Total number of keys.', () => keyCount(state)),
    gauge('etcd_debugging_mvcc_watch_stream_total', 'Total number of watch streams.', () => watches.size.streams),
    gauge('etcd_debugging_mvcc_watcher_total', 'Total number of watchers.', () => watches.size.watchers),
    gauge(
      'etcd_debugging_mvcc_slow_watcher_total',
      'Total number of unsynced slow watchers.',
      () => watches.size.behind,
    ),
  ];
}
