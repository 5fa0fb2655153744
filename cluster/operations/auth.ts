import type { KeyRange } from './kv.js';

// Users, roles and permissions as plain values. What a change needs that is not in the replicated state
// (salts, hashes, tokens) is decided before it is proposed.

export type Access = 'read' | 'write' | 'readwrite';

export interface Permission extends KeyRange {
  readonly access: Access;
}

export type AuthOperation =
  | { readonly kind: 'auth-enable' }
  | { readonly kind: 'auth-disable' }
  /** `passwordHash`: bcrypt, '' for a user without a password. */
  | { readonly kind: 'user-add'; readonly user: string; readonly passwordHash: string; readonly noPassword: boolean }
  | { readonly kind: 'user-delete'; readonly user: string }
  | {
      readonly kind: 'user-change-password';
      readonly user: string;
      readonly passwordHash: string;
      readonly noPassword: boolean;
    }
  | { readonly kind: 'user-grant-role'; readonly user: string; readonly role: string }
  | { readonly kind: 'user-revoke-role'; readonly user: string; readonly role: string }
  | { readonly kind: 'role-add'; readonly role: string }
  | { readonly kind: 'role-delete'; readonly role: string }
  | { readonly kind: 'role-grant-permission'; readonly role: string; readonly permission: Permission }
  | ({ readonly kind: 'role-revoke-permission'; readonly role: string } & KeyRange)
  /**
   * The password was checked against the state at the caller's auth revision; at a later one it is refused with
   * auth-old-revision, to be checked again. `token` holds the drawn letters; the entry's index completes it, and it
   * becomes valid on every member.
   */
  | { readonly kind: 'authenticate'; readonly user: string; readonly token: string };

/** The access section of a plan, applied by a new cluster as its first command. */
export interface AccessDeclaration {
  readonly roles: readonly { readonly name: string; readonly permissions: readonly Permission[] }[];
  /** Must hold `root` with role `root` when `enable` is set. */
  readonly users: readonly {
    readonly name: string;
    readonly roles: readonly string[];
    readonly passwordHash: string;
  }[];
  readonly enable: boolean;
}
