import type { KeyType, LeafProfile, Subtree } from '#pki';
import type { InitialAccess } from './initial-access.js';

// What there is to be in DIR, by kind: enough to compare with what is there and to make it, and no secret.
// `path` is relative to DIR.

export interface FolderArtifact {
  readonly kind: 'folder';
  readonly path: string;
  readonly mode: number;
}

export interface AuthorityArtifact {
  readonly kind: 'authority';
  readonly path: string;
  readonly commonName: string;
  readonly keyType: KeyType;
  readonly days: number;
  /** A root of its own above it, or one that is kept elsewhere. */
  readonly root?: { readonly commonName: string; readonly days: number } | 'elsewhere';
  /** Where its key is, or is to be made; in a file when absent. */
  readonly key?: string;
  /** What it may sign; everything when absent. */
  readonly permitted?: readonly Subtree[];
}

/** A password that only the user and the store's hash know. */
export interface PasswordArtifact {
  readonly kind: 'password';
  readonly path: string;
  readonly user: string;
}

export interface KeyPairArtifact {
  readonly kind: 'key-pair';
  /** The certificate's. */
  readonly path: string;
  readonly keyPath: string;
  /** Whose it is, for a person: `the server certificate of m1`. */
  readonly title: string;
  readonly keyType: KeyType;
  readonly request: {
    readonly profile: LeafProfile;
    readonly commonName: string;
    readonly names: readonly string[];
    readonly days: number;
  };
}

/** A certificate whose key is elsewhere; the request that this key signed is here. */
export interface CertificateArtifact {
  readonly kind: 'certificate';
  readonly path: string;
  readonly csrPath: string;
  readonly title: string;
  readonly request: KeyPairArtifact['request'];
}

/** A copy of the authority's certificate. */
export interface TrustArtifact {
  readonly kind: 'trust';
  readonly path: string;
}

/** A copy of the authority's revocation list. */
export interface RevocationsArtifact {
  readonly kind: 'revocations';
  readonly path: string;
}

/** Users and roles that a new cluster of the included engine begins with. */
export interface AccessArtifact {
  readonly kind: 'access';
  readonly path: string;
  readonly access: InitialAccess;
  /** Of the users that have a password: where it is written. */
  readonly passwords: readonly { readonly user: string; readonly path: string }[];
}

/** A file whose whole content follows from the plan. */
export interface FileArtifact {
  readonly kind: 'file';
  readonly path: string;
  readonly mode: number;
  readonly title: string;
  readonly content: string;
}

/** What an earlier plan wanted, and this one does not. */
export interface SurplusArtifact {
  readonly kind: 'surplus';
  readonly path: string;
  readonly title: string;
  readonly because: string;
}

export type Artifact =
  | FolderArtifact
  | AuthorityArtifact
  | PasswordArtifact
  | KeyPairArtifact
  | CertificateArtifact
  | TrustArtifact
  | RevocationsArtifact
  | AccessArtifact
  | FileArtifact
  | SurplusArtifact;

export const privateFolder = 0o700;
export const publicFolder = 0o755;
export const privateFile = 0o600;
export const publicFile = 0o644;
