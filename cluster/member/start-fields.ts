import type { MemberConfig } from '../config/index.js';
import type { Address } from '../transport/address.js';

const texts = (addresses: readonly Address[]): readonly string[] => addresses.map(({ text }) => text);

/** What a log begins with: how the member was told to be, by the names that etcd has for them. */
export const startFields = (config: MemberConfig): Readonly<Record<string, unknown>> => ({
  name: config.name,
  'data-dir': config.dataDir,
  'listen-peer-urls': texts(config.listenPeerUrls),
  'listen-client-urls': texts(config.listenClientUrls),
  'initial-advertise-peer-urls': texts(config.advertisePeerUrls),
  'advertise-client-urls': texts(config.advertiseClientUrls),
  'heartbeat-interval': `${config.heartbeatMs}ms`,
  'election-timeout': `${config.electionMs}ms`,
  'snapshot-count': config.snapshotEntries,
  'snapshot-catchup-entries': config.catchUpEntries,
  'max-request-bytes': config.requestBytesMax,
  'quota-backend-bytes': config.quotaBytes,
});
