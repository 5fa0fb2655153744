// The door of the cluster wing.
export type { AuthCalls, AuthState } from './client/auth-calls.js';
export type { ClientTls } from './client/channel.js';
export {
  type Answered,
  type ConnectOptions,
  connect,
  EtcdClient,
  type Health,
  type KeysHash,
  type LeaseInfo,
  type MemberInfo,
  type MemberStatus,
  type SnapshotPiece,
} from './client/client.js';
export type { CallOptions } from './client/cluster-calls.js';
export { type Bytes, everything, keysWithPrefix } from './client/operations.js';
export { within } from './deadline.js';
export { ClusterError, type ClusterErrorCode } from './errors.js';
export { idText } from './numbers.js';
export type { Access, Permission } from './operations/auth.js';
export type { Compare, KeyRange, KeyValue, Operation } from './operations/kv.js';
export { portHolder } from './transport/port-holder.js';
