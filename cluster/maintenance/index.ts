export { AutoCompaction, type Retention } from './auto-compaction.js';
export { storageVersion } from './buckets.js';
export { CorruptionCheck } from './corruption.js';
export type { KeyHash } from './hash-kv.js';
export { Maintenance } from './maintenance.js';
export { pause } from './pause.js';
export { HashAnswers } from './peer-hashes.js';
export { type Reading, SnapshotReader } from './snapshot-reader.js';
export { type SnapshotStatus, snapshotStatus } from './snapshot-status.js';
