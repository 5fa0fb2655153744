/**
 * Everything that can go wrong in the cluster, as a closed set. wire/status.ts gives each its gRPC status and etcd's text,
 * and does not compile when one is missing.
 */
export type ClusterErrorCode =
  // requests
  | 'empty-key'
  | 'key-not-found'
  | 'value-provided'
  | 'lease-provided'
  | 'too-many-ops'
  | 'duplicate-key'
  | 'invalid-sort-option'
  | 'request-too-large'
  | 'invalid-client-api-version'
  | 'compacted'
  | 'future-revision'
  | 'no-space'
  | 'lease-not-found'
  | 'lease-exists'
  | 'lease-ttl-too-large'
  | 'invalid-argument'
  | 'unimplemented'
  | 'unknown-service'
  // serving
  | 'no-leader'
  | 'not-leader'
  | 'leader-changed'
  | 'not-capable'
  | 'stopped'
  | 'timeout'
  | 'timeout-leader-failure'
  | 'timeout-connection-lost'
  | 'too-many-requests'
  | 'unhealthy'
  | 'corrupt'
  | 'not-supported-for-learner'
  | 'bad-leader-transferee'
  | 'timeout-leader-transfer'
  | 'wrong-downgrade-version'
  | 'invalid-downgrade-target'
  | 'downgrade-in-process'
  // what etcd says, and this store has no reason to
  | 'no-inflight-downgrade'
  | 'cluster-version-unavailable'
  | 'timeout-wait-applied-index'
  | 'deadline-exceeded'
  | 'watch-canceled'
  | 'cancelled'
  // auth
  | 'root-user-not-exist'
  | 'root-role-not-exist'
  | 'user-already-exists'
  | 'user-empty'
  | 'user-not-found'
  | 'role-already-exists'
  | 'role-empty'
  | 'role-not-found'
  | 'auth-failed'
  | 'permission-not-given'
  | 'permission-denied'
  | 'role-not-granted'
  | 'permission-not-granted'
  | 'auth-not-enabled'
  | 'invalid-auth-token'
  | 'token-verify-only'
  | 'invalid-auth-management'
  | 'auth-old-revision'
  // members
  | 'member-not-found'
  | 'member-exists'
  | 'member-removed'
  | 'member-urls-refused'
  | 'peer-url-exists'
  | 'not-enough-started'
  | 'too-many-learners'
  | 'not-learner'
  | 'learner-not-ready'
  // this member's own house
  | 'flag-refused'
  | 'address-in-use'
  | 'certificate-refused'
  | 'data-dir-refused'
  | 'wrong-cluster'
  | 'log-damaged'
  | 'store-damaged'
  | 'disk-full'
  | 'snapshot-damaged'
  | 'snapshot-refused'
  | 'connection-failed'
  | 'remote';

export interface ClusterErrorOptions {
  /** The next step, for a person. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The cluster wing's one error: a code to decide by, details to report, a message with the numbers. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly code: ClusterErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(
    code: ClusterErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options: ClusterErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.hint = options.hint;
  }
}
