// The door of the pki wing.
export {
  Authority,
  type CreateAuthorityOptions,
  createAuthority,
  type Issued,
  type IssueRequest,
  openAuthority,
} from './authority.js';
export { type AuthorityState, authorityFiles, authorityState } from './authority-folder.js';
export type { Certificate } from './certificate.js';
export { PkiError, type PkiErrorCode, type PkiErrorOptions } from './errors.js';
export { makeFolder, modeOf, readTextIfPresent, replaceFile, setMode, sweepFolder, writeNew } from './files.js';
export type { LedgerEntry } from './inventory.js';
export {
  type ExistingKeyPair,
  type KeyPair,
  type KeyPairPaths,
  type Mismatch,
  mismatches,
  observeKeyPair,
  readKeyIfPresent,
  writeKeyPair,
} from './key-pair.js';
export { type KeyType, keyTypes } from './keys.js';
export { checkName, type NameKind, type NameVerdict, parseName, type SubjectName } from './names.js';
export type { Refusal, Request } from './policy.js';
export { type LeafProfile, type ProfileName, profiles } from './profiles.js';
export {
  daysLeft,
  type Finding,
  type FindingCode,
  type InspectOptions,
  inspectKeyPair,
  readCertificate,
} from './verify.js';
