import type { Address } from '../transport/address.js';
import type { AuthToken } from './auth-token.js';
import { type AutoCompaction, parseAutoCompaction } from './auto-compaction.js';
import { checkFlags, checkPlace } from './checks.js';
import { refuseFlags } from './complaint.js';
import type { Environment } from './environment.js';
import { type FeatureGates, idleGates } from './feature-gates.js';
import type { InitialMember } from './flag-texts.js';
import { type ReadFlags, readFileFlags, readFlags } from './flag-values.js';
import type { FlagValues } from './flags.js';
import { initialCluster } from './initial-cluster.js';
import { type LogConfig, logConfig } from './log-config.js';
import { clientTls, peerTls, type TlsConfig } from './tls-config.js';
import type { ConfigFile } from './yaml-settings.js';

/** Pings on a client's connection, in etcd's numbers; 0 is off. */
export interface Keepalive {
  readonly minTimeMs: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** All that a member is told when it starts: checked, complete, never changed. */
export interface MemberConfig extends LogConfig {
  readonly name: string;
  readonly dataDir: string;
  /** Undefined: the log is in the data folder. */
  readonly walDir: string | undefined;
  readonly listenPeerUrls: readonly Address[];
  readonly listenClientUrls: readonly Address[];
  /** May be empty: then the client URLs answer HTTP too. */
  readonly listenClientHttpUrls: readonly Address[];
  /** For probes; may be empty. */
  readonly listenMetricsUrls: readonly Address[];
  readonly advertisePeerUrls: readonly Address[];
  readonly advertiseClientUrls: readonly Address[];
  /** In the order given; contains this member. */
  readonly initialCluster: readonly InitialMember[];
  readonly initialClusterToken: string;
  readonly initialClusterState: 'new' | 'existing';
  readonly forceNewCluster: boolean;
  readonly learnersMax: number;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly snapshotEntries: number;
  /** What the log keeps before a snapshot, for members that are slow. */
  readonly catchUpEntries: number;
  /** Undefined: no quota. */
  readonly quotaBytes: number | undefined;
  readonly txnOpsMax: number;
  readonly requestBytesMax: number;
  readonly streamsMax: number;
  readonly keepalive: Keepalive;
  /** Undefined: no https URL is listened on for clients. */
  readonly clientTls: TlsConfig | undefined;
  /** The user is taken from the client certificate's CN. Only with the flag itself: a CA alone merely requires certificates. */
  readonly clientCertAuth: boolean;
  readonly peerTls: TlsConfig | undefined;
  readonly preVote: boolean;
  readonly strictReconfigCheck: boolean;
  /** `simple`, or `jwt` and its options, as written. */
  readonly authToken: AuthToken;
  readonly authTokenSeconds: number;
  readonly bcryptCost: number;
  readonly gatewayEnabled: boolean;
  /** Origins, or `*`. */
  readonly corsOrigins: readonly string[];
  /** Host headers that are answered without TLS, or `*`. */
  readonly hostsAllowed: readonly string[];
  readonly autoCompaction: AutoCompaction;
  readonly compactionBatch: number;
  readonly compactionPauseMs: number;
  /** 0: never. */
  readonly corruptCheckMs: number;
  readonly compactHashCheckMs: number;
  readonly downgradeCheckMs: number;
  readonly watchProgressMs: number;
  /** Space to win by a defragmentation at the start; 0: never. */
  readonly bootstrapDefragMegabytes: number;
  readonly featureGates: FeatureGates;
  readonly metrics: 'basic' | 'extensive';
  readonly slowApplyMs: number;
  readonly slowRequestMs: number;
  /** Undefined: none is kept. */
  readonly auditLog: AuditLogConfig | undefined;
  readonly initialAccessFile: string | undefined;
}

/** Who changed what, and who was refused. */
export interface AuditLogConfig {
  readonly path: string;
  readonly level: 'changes' | 'all';
  /** 0: no limit, for both. */
  readonly megabytesMax: number;
  readonly filesMax: number;
}

/**
 * Reads what `quorate serve` was given: etcd's flags in Go's syntax and ETCD_* variables, or the config file instead.
 * The warnings are for the log, one line each.
 * @throws ClusterError flag-refused with everything that is wrong; `details.complaints` has them one by one.
 */
export function readMemberConfig(
  args: readonly string[],
  environment: Environment,
  file?: ConfigFile,
): { readonly config: MemberConfig; readonly warnings: readonly string[] } {
  const read = file === undefined ? readFlags(args, environment) : readFileFlags(file, args, environment);
  checkFlags(read);
  if (read.complaints.length > 0) refuseFlags(read.complaints);
  return { config: memberConfig(read), warnings: [...read.warnings, ...idleGates(read.values['feature-gates'])] };
}

/** Who a member is among which others, and where its data goes: what is made of it before it starts. */
export type MemberPlace = Pick<MemberConfig, 'name' | 'dataDir' | 'walDir' | 'initialCluster' | 'initialClusterToken'>;

/** Of the flags only those that say this. @throws ClusterError flag-refused */
export function readMemberPlace(args: readonly string[]): MemberPlace {
  const read = readFlags(args, {});
  checkPlace(read);
  if (read.complaints.length > 0) refuseFlags(read.complaints);
  return memberConfig(read);
}

function memberConfig({ values }: ReadFlags): MemberConfig {
  return {
    name: values.name,
    dataDir: values['data-dir'] || `${values.name}.etcd`,
    walDir: values['wal-dir'] || undefined,
    listenPeerUrls: values['listen-peer-urls'],
    listenClientUrls: values['listen-client-urls'],
    listenClientHttpUrls: values['listen-client-http-urls'],
    listenMetricsUrls: values['listen-metrics-urls'],
    advertisePeerUrls: values['initial-advertise-peer-urls'],
    advertiseClientUrls: values['advertise-client-urls'],
    initialCluster: initialCluster(values),
    initialClusterToken: values['initial-cluster-token'],
    initialClusterState: values['initial-cluster-state'],
    forceNewCluster: values['force-new-cluster'],
    learnersMax: values['max-learners'],
    heartbeatMs: values['heartbeat-interval'],
    electionMs: values['election-timeout'],
    snapshotEntries: values['snapshot-count'] || standardSnapshotEntries,
    catchUpEntries: values['snapshot-catchup-entries'],
    clientTls: clientTls(values),
    clientCertAuth: values['client-cert-auth'],
    peerTls: peerTls(values),
    preVote: values['pre-vote'],
    strictReconfigCheck: values['strict-reconfig-check'],
    authToken: values['auth-token'],
    authTokenSeconds: values['auth-token-ttl'],
    bcryptCost: values['bcrypt-cost'],
    gatewayEnabled: values['enable-grpc-gateway'],
    corsOrigins: values.cors,
    hostsAllowed: values['host-whitelist'],
    initialAccessFile: values['initial-access-file'] || undefined,
    ...limits(values),
    ...upkeep(values),
    ...logConfig(values),
  };
}

// etcd's numbers for a 0 in these flags.
const standardStreams = 4_294_967_295;
const standardSnapshotEntries = 10_000;
const standardCompactionBatch = 500;
const standardWatchProgressMs = 600_000;

/** Notices at shorter intervals than etcd's least would only keep everybody busy. */
const watchProgressMs = (given: number): number => (given === 0 ? standardWatchProgressMs : Math.max(given, 100));

const limits = (values: FlagValues) => ({
  quotaBytes: quotaBytes(values['quota-backend-bytes']),
  txnOpsMax: values['max-txn-ops'],
  requestBytesMax: values['max-request-bytes'],
  streamsMax: values['max-concurrent-streams'] || standardStreams,
  keepalive: {
    minTimeMs: values['grpc-keepalive-min-time'],
    intervalMs: values['grpc-keepalive-interval'],
    timeoutMs: values['grpc-keepalive-timeout'],
  },
});

const auditLog = (values: FlagValues): AuditLogConfig | undefined =>
  values['audit-log'] === ''
    ? undefined
    : {
        path: values['audit-log'],
        level: values['audit-log-level'],
        megabytesMax: values['audit-log-max-size'],
        filesMax: values['audit-log-max-files'],
      };

const upkeep = (values: FlagValues) => ({
  autoCompaction: parseAutoCompaction(values['auto-compaction-mode'], values['auto-compaction-retention']),
  compactionBatch: values['compaction-batch-limit'] || standardCompactionBatch,
  compactionPauseMs: values['compaction-sleep-interval'],
  corruptCheckMs: values['corrupt-check-time'],
  compactHashCheckMs: values['compact-hash-check-time'],
  downgradeCheckMs: values['downgrade-check-time'],
  watchProgressMs: watchProgressMs(values['watch-progress-notify-interval']),
  bootstrapDefragMegabytes: values['bootstrap-defrag-threshold-megabytes'],
  featureGates: values['feature-gates'],
  metrics: values.metrics,
  slowApplyMs: values['warning-apply-duration'],
  slowRequestMs: values['warning-unary-request-duration'],
  auditLog: auditLog(values),
});

const quotaBytes = (given: number): number | undefined => (given < 0 ? undefined : given === 0 ? 2 * 1024 ** 3 : given);
