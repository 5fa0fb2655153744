import { ClusterError, type ClusterErrorCode } from '../errors.js';
import { grpcStatus as grpc } from './grpc-status.js';

export interface WireStatus {
  /** A gRPC status code. */
  readonly code: number;
  /** etcd's text, which clients compare; absent where etcd has none: then the error's own message goes out. */
  readonly text?: string;
}

const etcd = (code: number, text: string): WireStatus => ({ code, text: `etcdserver: ${text}` });
const own = (code: number): WireStatus => ({ code });

/**
 * Every error of the cluster on the wire, with the codes and texts of etcd 3.6 (rpctypes/error.go).
 * Does not compile when a code is missing.
 */
const table: Readonly<Record<ClusterErrorCode, WireStatus>> = {
  'empty-key': etcd(grpc.INVALID_ARGUMENT, 'key is not provided'),
  'key-not-found': etcd(grpc.INVALID_ARGUMENT, 'key not found'),
  'value-provided': etcd(grpc.INVALID_ARGUMENT, 'value is provided'),
  'lease-provided': etcd(grpc.INVALID_ARGUMENT, 'lease is provided'),
  'too-many-ops': etcd(grpc.INVALID_ARGUMENT, 'too many operations in txn request'),
  'duplicate-key': etcd(grpc.INVALID_ARGUMENT, 'duplicate key given in txn request'),
  'invalid-sort-option': etcd(grpc.INVALID_ARGUMENT, 'invalid sort option'),
  'request-too-large': etcd(grpc.INVALID_ARGUMENT, 'request is too large'),
  'invalid-client-api-version': etcd(grpc.INVALID_ARGUMENT, 'invalid client api version'),
  compacted: etcd(grpc.OUT_OF_RANGE, 'mvcc: required revision has been compacted'),
  'future-revision': etcd(grpc.OUT_OF_RANGE, 'mvcc: required revision is a future revision'),
  'no-space': etcd(grpc.RESOURCE_EXHAUSTED, 'mvcc: database space exceeded'),
  'lease-not-found': etcd(grpc.NOT_FOUND, 'requested lease not found'),
  'lease-exists': etcd(grpc.FAILED_PRECONDITION, 'lease already exists'),
  'lease-ttl-too-large': etcd(grpc.OUT_OF_RANGE, 'too large lease TTL'),
  'invalid-argument': own(grpc.INVALID_ARGUMENT),
  unimplemented: own(grpc.UNIMPLEMENTED),
  'unknown-service': { code: grpc.NOT_FOUND, text: 'unknown service' },

  'no-leader': etcd(grpc.UNAVAILABLE, 'no leader'),
  'not-leader': etcd(grpc.FAILED_PRECONDITION, 'not leader'),
  'leader-changed': etcd(grpc.UNAVAILABLE, 'leader changed'),
  'not-capable': etcd(grpc.FAILED_PRECONDITION, 'not capable'),
  stopped: etcd(grpc.UNAVAILABLE, 'server stopped'),
  timeout: etcd(grpc.UNAVAILABLE, 'request timed out'),
  'timeout-leader-failure': etcd(grpc.UNAVAILABLE, 'request timed out, possibly due to previous leader failure'),
  'timeout-connection-lost': etcd(grpc.UNAVAILABLE, 'request timed out, possibly due to connection lost'),
  // Declared as ResourceExhausted in etcd, but lost on the way out there: clients see Unknown, and do not retry.
  'too-many-requests': etcd(grpc.UNKNOWN, 'too many requests'),
  unhealthy: etcd(grpc.UNAVAILABLE, 'unhealthy cluster'),
  corrupt: etcd(grpc.DATA_LOSS, 'corrupt cluster'),
  'not-supported-for-learner': etcd(grpc.FAILED_PRECONDITION, 'rpc not supported for learner'),
  'bad-leader-transferee': etcd(grpc.FAILED_PRECONDITION, 'bad leader transferee'),
  // etcd forgot to map this one.
  'timeout-leader-transfer': etcd(grpc.UNKNOWN, 'request timed out, leader transfer took too long'),
  'wrong-downgrade-version': etcd(grpc.INVALID_ARGUMENT, 'wrong downgrade target version format'),
  'invalid-downgrade-target': etcd(grpc.INVALID_ARGUMENT, 'invalid downgrade target version'),
  'downgrade-in-process': etcd(grpc.FAILED_PRECONDITION, 'cluster has a downgrade job in progress'),
  'no-inflight-downgrade': etcd(grpc.FAILED_PRECONDITION, 'no inflight downgrade job'),
  'cluster-version-unavailable': etcd(grpc.UNAVAILABLE, 'cluster version not found during downgrade'),
  'timeout-wait-applied-index': etcd(
    grpc.UNAVAILABLE,
    'request timed out, waiting for the applied index took too long',
  ),
  'deadline-exceeded': etcd(grpc.DEADLINE_EXCEEDED, 'context deadline exceeded'),
  'watch-canceled': etcd(grpc.CANCELLED, 'watch canceled'),
  cancelled: etcd(grpc.CANCELLED, 'request canceled'),

  'root-user-not-exist': etcd(grpc.FAILED_PRECONDITION, 'root user does not exist'),
  'root-role-not-exist': etcd(grpc.FAILED_PRECONDITION, 'root user does not have root role'),
  'user-already-exists': etcd(grpc.FAILED_PRECONDITION, 'user name already exists'),
  'user-empty': etcd(grpc.INVALID_ARGUMENT, 'user name is empty'),
  'user-not-found': etcd(grpc.FAILED_PRECONDITION, 'user name not found'),
  'role-already-exists': etcd(grpc.FAILED_PRECONDITION, 'role name already exists'),
  'role-empty': etcd(grpc.INVALID_ARGUMENT, 'role name is empty'),
  'role-not-found': etcd(grpc.FAILED_PRECONDITION, 'role name not found'),
  'auth-failed': etcd(grpc.INVALID_ARGUMENT, 'authentication failed, invalid user ID or password'),
  'permission-not-given': etcd(grpc.INVALID_ARGUMENT, 'permission not given'),
  'permission-denied': etcd(grpc.PERMISSION_DENIED, 'permission denied'),
  'role-not-granted': etcd(grpc.FAILED_PRECONDITION, 'role is not granted to the user'),
  'permission-not-granted': etcd(grpc.FAILED_PRECONDITION, 'permission is not granted to the role'),
  'auth-not-enabled': etcd(grpc.FAILED_PRECONDITION, 'authentication is not enabled'),
  'invalid-auth-token': etcd(grpc.UNAUTHENTICATED, 'invalid auth token'),
  // Not mapped in etcd: it goes out as it is inside.
  'token-verify-only': { code: grpc.UNKNOWN, text: 'auth: token signing attempted with verify-only key' },
  'invalid-auth-management': etcd(grpc.INVALID_ARGUMENT, 'invalid auth management'),
  'auth-old-revision': etcd(grpc.INVALID_ARGUMENT, 'revision of auth store is old'),

  'member-not-found': etcd(grpc.NOT_FOUND, 'member not found'),
  'member-exists': etcd(grpc.FAILED_PRECONDITION, 'member ID already exist'),
  'member-removed': own(grpc.FAILED_PRECONDITION),
  'member-urls-refused': etcd(grpc.INVALID_ARGUMENT, 'given member URLs are invalid'),
  'peer-url-exists': etcd(grpc.FAILED_PRECONDITION, 'Peer URLs already exists'),
  // Declared as FailedPrecondition in etcd, but lost on the way out there: clients see Unknown.
  'not-enough-started': etcd(grpc.UNKNOWN, 're-configuration failed due to not enough started members'),
  'too-many-learners': etcd(grpc.FAILED_PRECONDITION, 'too many learner members in cluster'),
  'not-learner': etcd(grpc.FAILED_PRECONDITION, 'can only promote a learner member'),
  'learner-not-ready': etcd(grpc.FAILED_PRECONDITION, 'can only promote a learner member which is in sync with leader'),

  'flag-refused': own(grpc.INTERNAL),
  'address-in-use': own(grpc.INTERNAL),
  'certificate-refused': own(grpc.INTERNAL),
  'data-dir-refused': own(grpc.INTERNAL),
  'wrong-cluster': etcd(grpc.FAILED_PRECONDITION, 'cluster ID mismatch'),
  'log-damaged': own(grpc.DATA_LOSS),
  'store-damaged': own(grpc.DATA_LOSS),
  'disk-full': own(grpc.RESOURCE_EXHAUSTED),
  'snapshot-damaged': own(grpc.DATA_LOSS),
  'snapshot-refused': own(grpc.INTERNAL),
  'connection-failed': own(grpc.UNAVAILABLE),
  remote: own(grpc.UNKNOWN),
};

const codes = Object.keys(table) as ClusterErrorCode[];
const codeByText = new Map(codes.map((code) => [table[code].text, code]));
// Forgotten in etcd's own table, so it goes out as it is inside, with code Unknown.
codeByText.set('auth: authentication failed, password was given for no password user', 'auth-failed');

/** What a client is told of `error`; anything but a ClusterError is our bug and goes out as Internal, without its text. */
export function statusOf(error: unknown): Required<WireStatus> {
  if (!(error instanceof ClusterError)) return { code: grpc.INTERNAL, text: 'internal error' };
  const { code, text } = table[error.code];
  return { code, text: text ?? error.message };
}

/** The code that a server's text stands for; undefined when it is none of etcd's. */
export const codeOfText = (text: string): ClusterErrorCode | undefined => codeByText.get(text);

/** The code of that name, if there is one. */
export const codeNamed = (name: string): ClusterErrorCode | undefined =>
  Object.hasOwn(table, name) ? (name as ClusterErrorCode) : undefined;
