import type { ClusterErrorCode } from '#cluster';

// What to do about a refusal of a store, which itself says only what it is: for etcd's texts, and any etcd's.

const hints: Readonly<Partial<Record<ClusterErrorCode, string>>> = {
  'user-empty': 'auth is on: sign in with --cert and --key of a user, or with --user',
  'auth-failed': 'the name or its password is wrong; the password is taken from QUORATE_PASSWORD',
  'permission-denied': 'sign in as a user with the role root',
  'invalid-auth-token': 'type it again: the sign-in had ended',
  unhealthy: 'members that have just met are not trusted for some seconds: type it again; else quorate doctor',
  'too-many-learners': 'one that was added is no voter yet: quorate member list; etcdctl member remove ID takes it out',
};

export const hintOf = ({ code, hint }: { readonly code: string; readonly hint?: unknown }): string | undefined =>
  typeof hint === 'string' ? hint : hints[code as ClusterErrorCode];

/** Refused because of who asks, by a store that is there. */
export const isOfAccess = ({ code }: { readonly code: string }): boolean =>
  ['user-empty', 'auth-failed', 'permission-denied', 'invalid-auth-token'].includes(code);
