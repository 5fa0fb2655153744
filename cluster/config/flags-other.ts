import { type Flag, refused, withoutEffect } from './flag-kinds.js';

const discovery = 'members are not found through a discovery service';
const useInitialCluster = 'name all members in --initial-cluster, the same on each of them';
const proxy = 'the v2 proxy is gone, from etcd too (3.6)';

/** What would change what people rely on if it were passed over: a member that was told so does not start. */
export const refusedFlags = {
  discovery: refused('', 'URL', discovery, useInitialCluster),
  'discovery-token': refused('', 'TOKEN', discovery, useInitialCluster),
  'discovery-endpoints': refused('', 'URL,…', discovery, useInitialCluster),
  'discovery-srv': refused('', 'DOMAIN', 'members are not looked up in DNS', useInitialCluster),
  'experimental-enable-v2v3': refused('', 'PREFIX', 'there is no v2 API', 'move to the v3 API'),
  proxy: refused('off', 'off', proxy, 'point clients at the members themselves'),
} as const satisfies Record<string, Flag<unknown>>;

const noDiscovery = 'there is no discovery';
const noProxy = proxy;
const noBbolt = 'the store is not bbolt';
const noTracing = 'nothing is traced';
const etcd2 = 'not in etcd since version 2';

/** In people's unit files for etcd, and nothing to us. */
export const flagsWithoutEffect = {
  'discovery-srv-name': withoutEffect('', 'NAME', noDiscovery),
  'discovery-dial-timeout': withoutEffect('2s', 'DURATION', noDiscovery),
  'discovery-request-timeout': withoutEffect('5s', 'DURATION', noDiscovery),
  'discovery-keepalive-time': withoutEffect('2s', 'DURATION', noDiscovery),
  'discovery-keepalive-timeout': withoutEffect('6s', 'DURATION', noDiscovery),
  'discovery-insecure-transport': withoutEffect('true', '', noDiscovery),
  'discovery-insecure-skip-tls-verify': withoutEffect('false', '', noDiscovery),
  'discovery-cert': withoutEffect('', 'FILE', noDiscovery),
  'discovery-key': withoutEffect('', 'FILE', noDiscovery),
  'discovery-cacert': withoutEffect('', 'FILE', noDiscovery),
  'discovery-user': withoutEffect('', 'USER', noDiscovery),
  'discovery-password': withoutEffect('', 'PASSWORD', noDiscovery),
  'discovery-fallback': withoutEffect('exit', 'exit|proxy', noDiscovery),
  'discovery-proxy': withoutEffect('', 'URL', noDiscovery),
  'proxy-failure-wait': withoutEffect('5000', 'N', noProxy),
  'proxy-refresh-interval': withoutEffect('30000', 'N', noProxy),
  'proxy-dial-timeout': withoutEffect('1000', 'N', noProxy),
  'proxy-write-timeout': withoutEffect('5000', 'N', noProxy),
  'proxy-read-timeout': withoutEffect('0', 'N', noProxy),
  'enable-v2': withoutEffect('false', '', 'there is no v2 API'),
  'v2-deprecation': withoutEffect('', 'STAGE', 'there is no v2 store'),
  'max-snapshots': withoutEffect('5', 'N', 'snapshots are kept only while they are sent'),
  'max-wals': withoutEffect('5', 'N', 'the log is kept as far as members need it'),
  'memory-mlock': withoutEffect('false', '', 'the store is a memory-mapped file that the system pages'),
  'backend-bbolt-freelist-type': withoutEffect('map', 'array|map', noBbolt),
  'backend-batch-interval': withoutEffect('0s', 'DURATION', noBbolt),
  'backend-batch-limit': withoutEffect('0', 'N', noBbolt),
  'initial-election-tick-advance': withoutEffect('true', '', 'new clusters elect at once in any case'),
  'raft-read-timeout': withoutEffect('5s', 'DURATION', 'members that leave pings unanswered are gone after 4 s'),
  'raft-write-timeout': withoutEffect('5s', 'DURATION', 'members that leave pings unanswered are gone after 4 s'),
  'socket-reuse-address': withoutEffect('false', '', 'SO_REUSEADDR is always set'),
  'socket-reuse-port': withoutEffect('false', '', 'a port belongs to one member'),
  'client-cert-file': withoutEffect('', 'FILE', 'this member does not call its own port'),
  'client-key-file': withoutEffect('', 'FILE', 'this member does not call its own port'),
  'self-signed-cert-validity': withoutEffect('1', 'YEARS', 'a member makes no certificates for itself'),
  'unsafe-no-fsync': withoutEffect('false', '', 'what was promised is always on the disk'),
  'enable-pprof': withoutEffect('false', '', 'use node --cpu-prof'),
  'enable-distributed-tracing': withoutEffect('false', '', noTracing),
  'distributed-tracing-address': withoutEffect('localhost:4317', 'HOST:PORT', noTracing),
  'distributed-tracing-service-name': withoutEffect('etcd', 'NAME', noTracing),
  'distributed-tracing-instance-id': withoutEffect('', 'ID', noTracing),
  'distributed-tracing-sampling-rate': withoutEffect('0', 'N', noTracing),
  'cluster-active-size': withoutEffect('', 'N', etcd2),
  'cluster-remove-delay': withoutEffect('', 'N', etcd2),
  'cluster-sync-interval': withoutEffect('', 'N', etcd2),
  config: withoutEffect('', 'FILE', etcd2),
  force: withoutEffect('false', '', etcd2),
  'max-result-buffer': withoutEffect('', 'N', etcd2),
  'max-retry-attempts': withoutEffect('', 'N', etcd2),
  'peer-heartbeat-interval': withoutEffect('', 'N', etcd2),
  'peer-election-timeout': withoutEffect('', 'N', etcd2),
  'retry-interval': withoutEffect('', 'N', etcd2),
  snapshot: withoutEffect('false', '', etcd2),
  v: withoutEffect('false', '', etcd2),
  vv: withoutEffect('false', '', etcd2),
} as const satisfies Record<string, Flag<unknown>>;
