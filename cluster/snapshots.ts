// The cluster wing's third door: snapshot files, read and made into the data of new members.
export { type MemberPlace, readMemberPlace } from './config/index.js';
export { type Reading, type SnapshotStatus, snapshotStatus } from './maintenance/index.js';
export { type Restored, type RestoreOrder, restoreSnapshot } from './member/restore.js';
