import { boolean, choice, type Flag, list, members, text, urls, whole } from './flag-kinds.js';

// etcd's flags that `quorate serve` takes, and ours, in the order of `--help`.
// Names, defaults and meanings: https://etcd.io/docs/v3.6/op-guide/configuration/

const ignored = (placeholder: string): Flag<string> => ({
  ...text('', placeholder, 'accepted for etcd unit files, has no effect'),
  ignored: true,
});
const ignoredBoolean: Flag<boolean> = {
  ...boolean(false, 'accepted for etcd unit files, has no effect'),
  ignored: true,
};

const file = (description: string) => text('', 'FILE', description);
const largest = Number.MAX_SAFE_INTEGER;

export const flags = {
  // member
  name: text('default', 'NAME', "this member's name, unique in the cluster"),
  'data-dir': text('', 'DIR', "where this member's data lives; NAME.etcd when not given"),
  'listen-peer-urls': urls('http://localhost:2380', 'where to listen for the other members'),
  'listen-client-urls': urls('http://localhost:2379', 'where to listen for clients'),
  'listen-metrics-urls': urls('', 'where to answer probes (/health, /livez, /readyz) without asking for certificates'),
  'heartbeat-interval': whole(100, 1, 10_000, 'milliseconds between heartbeats of the leader'),
  'election-timeout': whole(1000, 1, 50_000, 'milliseconds without a heartbeat until an election'),
  'snapshot-count': whole(10_000, 1, largest, 'applied entries after which the log is compacted'),
  'quota-backend-bytes': whole(
    0,
    -largest,
    largest,
    'size of the store that raises NOSPACE; 0 is 2 GiB, below 0 is none',
  ),
  'max-txn-ops': whole(128, 1, 1_000_000, 'most operations in one transaction'),
  'max-request-bytes': whole(1_572_864, 1, 1_073_741_824, 'largest request of a client, in bytes'),

  // cluster
  'initial-cluster': members('all first members and their peer URLs; this one alone when not given'),
  'initial-cluster-state': choice(['new', 'existing'], '`existing`, to join a running cluster, is not supported yet'),
  'initial-cluster-token': text('etcd-cluster', 'TOKEN', 'tells clusters with the same members apart'),
  'initial-advertise-peer-urls': urls('http://localhost:2380', 'where the other members reach this one'),
  'advertise-client-urls': urls('http://localhost:2379', 'where clients reach this member'),
  'initial-access-file': file('users and roles to begin with, applied once when the cluster is new (not in etcd)'),
  'pre-vote': boolean(true, 'ask before an election whether it could be won (Raft thesis 9.6)'),
  'strict-reconfig-check': boolean(true, 'refuse membership changes that would lose quorum'),

  // client TLS
  'cert-file': file('certificate for clients to see, PEM'),
  'key-file': file('its key, PEM'),
  'client-cert-auth': boolean(false, 'require client certificates and take the user from their CN'),
  'trusted-ca-file': file('authorities that sign client certificates, PEM; given alone it requires certificates too'),

  // peer TLS
  'peer-cert-file': file('certificate for the other members to see, both ways, PEM'),
  'peer-key-file': file('its key, PEM'),
  'peer-client-cert-auth': boolean(false, 'require certificates of other members; always so with https peer URLs'),
  'peer-trusted-ca-file': file("authorities that sign members' certificates, PEM"),

  // authentication
  'auth-token': choice(['simple'], 'how tokens are made'),
  'auth-token-ttl': whole(300, 1, 86_400 * 365, 'seconds that a token lives after its last use'),
  'bcrypt-cost': whole(10, 4, 31, 'rounds of password hashing, as a power of 2'),

  // logging
  logger: choice(['zap'], 'structured logs, one JSON object a line'),
  'log-level': choice(['info', 'debug', 'warn', 'error', 'panic', 'fatal'], 'the least level that is written'),
  'log-outputs': list('default', 'PLACE,…', 'stderr (default), stdout, or files'),

  // taken along from etcd's unit files and kubeadm's manifests
  'enable-v2': ignoredBoolean,
  'enable-pprof': ignoredBoolean,
  'experimental-initial-corrupt-check': ignoredBoolean,
  'experimental-watch-progress-notify-interval': ignored('DURATION'),
  'watch-progress-notify-interval': ignored('DURATION'),
  'feature-gates': ignored('NAME=BOOL,…'),
  metrics: ignored('basic|extensive'),
  'max-snapshots': ignored('N'),
  'max-wals': ignored('N'),
} as const satisfies Record<string, Flag<unknown>>;

export type FlagName = keyof typeof flags;
export const flagNames = Object.keys(flags) as readonly FlagName[];
export const isFlagName = (name: string): name is FlagName => Object.hasOwn(flags, name);

/** Every flag's value, given or by default. */
export type FlagValues = {
  readonly [Name in FlagName]: (typeof flags)[Name] extends Flag<infer Value> ? Value : never;
};
