import { boolean, choice, duration, type Flag, file, idle, members, text, urls, whole } from './flag-kinds.js';

const largest = Number.MAX_SAFE_INTEGER;

/** Who this member is, where it listens and keeps its data, and how much it takes. */
export const memberFlags = {
  'config-file': file('YAML with all of this, as etcd.conf.yml; other flags and ETCD_* variables are ignored then'),
  name: text('default', 'NAME', "this member's name, unique in the cluster"),
  'data-dir': text('', 'DIR', "where this member's data lives; NAME.etcd when not given"),
  'wal-dir': text(
    '',
    'DIR',
    'where the log lives, on a disk of its own for example; in the data folder when not given',
  ),
  'listen-peer-urls': urls('http://localhost:2380', 'where to listen for the other members'),
  'listen-client-urls': urls('http://localhost:2379', 'where to listen for clients'),
  'listen-client-http-urls': urls('', 'where to answer HTTP (and gRPC); the client URLs answer no HTTP/1.1 then'),
  'listen-metrics-urls': urls(
    '',
    'where to answer probes and /metrics; https ones ask for certificates as for clients',
  ),
  'heartbeat-interval': whole(100, 0, largest, 'milliseconds between heartbeats of the leader'),
  'election-timeout': whole(1000, 0, largest, 'milliseconds without a heartbeat until an election'),
  'snapshot-count': whole(10_000, 0, largest, 'applied entries after which the log is compacted; 0 is 10000'),
  'snapshot-catchup-entries': whole(5000, 0, largest, 'entries that the log keeps then, for members that are slow'),
} as const satisfies Record<string, Flag<unknown>>;

export const limitFlags = {
  'quota-backend-bytes': whole(
    0,
    -largest,
    largest,
    'size of the store that raises NOSPACE; 0 is 2 GiB, below 0 is none',
  ),
  'max-txn-ops': whole(128, 0, 1_000_000, 'most operations in one transaction'),
  'max-request-bytes': whole(1_572_864, 1, 1_073_741_824, 'largest request of a client, in bytes'),
  'max-concurrent-streams': whole(
    4_294_967_295,
    0,
    4_294_967_295,
    'calls that a client may have under way on one connection; 0 or above 4096 is 4096',
  ),
  'grpc-keepalive-min-time': idle(duration('5s', 0, "clients' pings are answered, however many they are")),
  'grpc-keepalive-interval': duration('2h', 0, 'time between pings to a client; 0 is off'),
  'grpc-keepalive-timeout': duration('20s', 0, 'time for the answer to such a ping'),
} as const satisfies Record<string, Flag<unknown>>;

export const clusterFlags = {
  'initial-cluster': members('all first members and their peer URLs; this one alone when not given'),
  'initial-cluster-state': choice(['new', 'existing'], '`existing` joins a running cluster'),
  'initial-cluster-token': text('etcd-cluster', 'TOKEN', 'tells clusters with the same members apart'),
  'initial-advertise-peer-urls': urls('http://localhost:2380', 'where the other members reach this one'),
  'advertise-client-urls': urls('http://localhost:2379', 'where clients reach this member'),
  'initial-access-file': file('users and roles to begin with, applied once when the cluster is new (not in etcd)'),
  'strict-reconfig-check': boolean(true, 'refuse membership changes that would lose quorum'),
  'max-learners': whole(1, 0, 1000, 'most learners at a time'),
  'pre-vote': idle(boolean(true, 'members always ask before an election whether it could be won')),
  'force-new-cluster': boolean(false, 'make a cluster of one out of the data of this member, for disasters'),
} as const satisfies Record<string, Flag<unknown>>;
