import type { AuthorityState, ExistingKeyPair } from '#pki';
import type { InitialAccess } from '../artifacts/initial-access.js';

/** What of an initial-access file can be compared: hashes are not equal when passwords are. */
export interface ObservedAccess {
  /** With the hashes left out; undefined when it is no such file. */
  readonly access: InitialAccess | undefined;
  /** Users whose hash is not the one of the password in their kit. */
  readonly staleUsers: readonly string[];
}

/** What is in DIR at the places of a plan's artifacts, by path. Holds no secret. */
export interface Observed {
  readonly authority: AuthorityState;
  /** The roots that are trusted, in PEM; undefined without a whole authority. */
  readonly trust: string | undefined;
  /** Permission bits of everything that is there. */
  readonly modes: ReadonlyMap<string, number>;
  /** The content of files that a plan determines. */
  readonly contents: ReadonlyMap<string, string>;
  /** SHA-256 of the authority's revocation list; undefined when there is none. */
  readonly revocations: string | undefined;
  /** The same of its copies, by path. */
  readonly revocationCopies: ReadonlyMap<string, string>;
  /** Serials on that list. */
  readonly revokedSerials: ReadonlySet<string>;
  /** By the certificate's path. */
  readonly keyPairs: ReadonlyMap<string, ExistingKeyPair>;
  readonly access: ReadonlyMap<string, ObservedAccess>;
}
