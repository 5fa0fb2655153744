import type { LogLevel } from '../logger.js';
import type { Address } from '../transport/address.js';
import type { TlsFiles } from '../transport/tls-files.js';
import { checkFlags } from './checks.js';
import { refuseFlags } from './complaint.js';
import type { InitialMember } from './flag-kinds.js';
import { type ReadFlags, readFlags } from './flag-values.js';
import type { FlagValues } from './flags.js';
import { initialCluster } from './initial-cluster.js';

/** One side's TLS: the files, and whether whoever connects must show a certificate of `files.ca`. */
export interface TlsConfig {
  readonly files: TlsFiles;
  readonly requireClientCertificate: boolean;
}

/** All that a member is told when it starts: checked, complete, never changed. */
export interface MemberConfig {
  readonly name: string;
  readonly dataDir: string;
  readonly listenPeerUrls: readonly Address[];
  readonly listenClientUrls: readonly Address[];
  /** For probes; may be empty. */
  readonly listenMetricsUrls: readonly Address[];
  readonly advertisePeerUrls: readonly Address[];
  readonly advertiseClientUrls: readonly Address[];
  /** In the order given; contains this member. */
  readonly initialCluster: readonly InitialMember[];
  readonly initialClusterToken: string;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly snapshotEntries: number;
  /** Undefined: no quota. */
  readonly quotaBytes: number | undefined;
  readonly txnOpsMax: number;
  readonly requestBytesMax: number;
  /** Undefined: no https URL is listened on for clients. */
  readonly clientTls: TlsConfig | undefined;
  /** The user is taken from the client certificate's CN. Only with the flag itself: a CA alone merely requires certificates. */
  readonly clientCertAuth: boolean;
  readonly peerTls: TlsConfig | undefined;
  readonly preVote: boolean;
  readonly strictReconfigCheck: boolean;
  readonly authToken: 'simple';
  readonly authTokenSeconds: number;
  readonly bcryptCost: number;
  readonly logLevel: LogLevel;
  /** `stderr`, `stdout`, or paths of files. */
  readonly logOutputs: readonly string[];
  readonly initialAccessFile: string | undefined;
}

/**
 * Reads what `quorate serve` was given: etcd's flags in Go's syntax, and ETCD_* variables.
 * The warnings are for the log, one line each.
 * @throws ClusterError flag-refused with everything that is wrong; `details.complaints` has them one by one.
 */
export function readMemberConfig(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): { readonly config: MemberConfig; readonly warnings: readonly string[] } {
  const read = readFlags(args, environment);
  checkFlags(read);
  if (read.complaints.length > 0) refuseFlags(read.complaints);
  return { config: memberConfig(read), warnings: read.warnings };
}

function memberConfig({ values }: ReadFlags): MemberConfig {
  return {
    name: values.name,
    dataDir: values['data-dir'] || `${values.name}.etcd`,
    listenPeerUrls: values['listen-peer-urls'],
    listenClientUrls: values['listen-client-urls'],
    listenMetricsUrls: values['listen-metrics-urls'],
    advertisePeerUrls: values['initial-advertise-peer-urls'],
    advertiseClientUrls: values['advertise-client-urls'],
    initialCluster: initialCluster(values),
    initialClusterToken: values['initial-cluster-token'],
    heartbeatMs: values['heartbeat-interval'],
    electionMs: values['election-timeout'],
    snapshotEntries: values['snapshot-count'],
    quotaBytes: quotaBytes(values['quota-backend-bytes']),
    txnOpsMax: values['max-txn-ops'],
    requestBytesMax: values['max-request-bytes'],
    clientTls: clientTls(values),
    clientCertAuth: values['client-cert-auth'],
    peerTls: peerTls(values),
    preVote: values['pre-vote'],
    strictReconfigCheck: values['strict-reconfig-check'],
    authToken: values['auth-token'],
    authTokenSeconds: values['auth-token-ttl'],
    bcryptCost: values['bcrypt-cost'],
    logLevel: logLevel(values['log-level']),
    logOutputs: logOutputs(values['log-outputs']),
    initialAccessFile: values['initial-access-file'] || undefined,
  };
}

const quotaBytes = (given: number): number | undefined => (given < 0 ? undefined : given === 0 ? 2 * 1024 ** 3 : given);

function clientTls(values: FlagValues): TlsConfig | undefined {
  if (!values['listen-client-urls'].some(({ secure }) => secure)) return undefined;
  const files = tlsFiles(values['cert-file'], values['key-file'], values['trusted-ca-file']);
  // As in etcd, a CA is reason enough to ask for certificates.
  return { files, requireClientCertificate: values['client-cert-auth'] || files.ca !== undefined };
}

function peerTls(values: FlagValues): TlsConfig | undefined {
  if (!values['listen-peer-urls'].some(({ secure }) => secure)) return undefined;
  const files = tlsFiles(values['peer-cert-file'], values['peer-key-file'], values['peer-trusted-ca-file']);
  return { files, requireClientCertificate: true };
}

const tlsFiles = (cert: string, key: string, ca: string): TlsFiles => ({ cert, key, ...(ca === '' ? {} : { ca }) });

// Zap's two highest levels end the process after writing; for a filter they are errors.
const logLevel = (given: FlagValues['log-level']): LogLevel =>
  given === 'panic' || given === 'fatal' ? 'error' : given;

// journald takes down what a unit writes to stderr, so both of etcd's names for it are stderr here.
const logOutputs = (given: readonly string[]): readonly string[] => [
  ...new Set(given.map((place) => (place === 'default' || place === 'systemd/journal' ? 'stderr' : place))),
];
