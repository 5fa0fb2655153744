// The door of the pki wing.
export {
  Authority,
  type Certified,
  type CreateAuthorityOptions,
  createAuthority,
  type Issued,
  type IssueRequest,
  openAuthority,
  openLedger,
} from './authority.js';
export {
  type AuthorityState,
  authorityFiles,
  authorityState,
  authorityWaiting,
  readTrust,
} from './authority-folder.js';
export { changePassphrase, type PassphraseChange } from './authority-key.js';
export {
  type AuthorityRequest,
  type ImportOptions,
  type InstallOptions,
  importAuthority,
  installAuthority,
  requestAuthority,
} from './authority-takeover.js';
export { type Bundle, type BundlePaths, parseServed, readBundle, readCertificates } from './bundle.js';
export type { Certificate } from './certificate.js';
export { type AuthorityChain, betweenOf, isRoot, rootOf } from './chain.js';
export { type ClientFilePaths, type ClientFiles, readClientFiles } from './client-files.js';
export { type CertificateRequest, parseCertificateRequest, requestSizeMax, subjectValues } from './csr.js';
export { makeCertificateRequest, type NewCertificateRequest } from './csr-make.js';
export { assertCertifiable, type CertifyRequest, csrNotes } from './csr-policy.js';
export { PkiError, type PkiErrorCode, type PkiErrorOptions } from './errors.js';
export {
  isFolder,
  isSpecial,
  isTaken,
  listFolder,
  makeFolder,
  modeOf,
  readBytes,
  readText,
  readTextIfPresent,
  replaceFile,
  setMode,
  sweepFolder,
  writeNew,
} from './files.js';
export {
  type ExistingKeyPair,
  type KeyPair,
  type KeyPairPaths,
  type Mismatch,
  mismatches,
  observeCertified,
  observeKeyPair,
  readKeyIfPresent,
  readPrivateKey,
  replaceKeyPair,
  writeKeyPair,
  writeNewCertificate,
  writeRequest,
} from './key-pair.js';
export { generateKey, type KeyType, keyFingerprint, keyToPem, keyTypes, spokenFingerprint } from './keys.js';
export { Ledger } from './ledger.js';
export {
  type CertificateState,
  certificateStates,
  type LedgerEntry,
  type Reservation,
  type RevocationEntry,
  stateOf,
} from './ledger-entry.js';
export type { LedgerOrder, LedgerQuery } from './ledger-query.js';
export type { ListState } from './ledger-revocations.js';
export {
  certificateLintRules,
  type Linted,
  type LintFinding,
  lintBytes,
  lintFile,
  listLintRules,
} from './lint/lint.js';
export { looksLikeHost, parseSubtree, type Subtree } from './name-constraints.js';
export { checkName, type NameKind, type NameVerdict, parseName, type SubjectName } from './names.js';
export { openAuthorityKey } from './opened-key.js';
export { passphraseReasons } from './passphrase.js';
export { makePkcs12, type Pkcs12Options, pkcs12PasswordObjection } from './pkcs12.js';
export { type PlacedFile, type PlaceOptions, placeFiles } from './place.js';
export type { Refusal, Request } from './policy.js';
export {
  type CustomProfile,
  type ExtendedUsage,
  isLeafProfile,
  type LeafProfile,
  leafDaysMax,
  leafProfiles,
  type Profile,
  type ProfileChoice,
  profileName,
  profileOf,
  profileReasons,
  profiles,
} from './profiles.js';
export { type RenewListOptions, renewRevocationList } from './revocation-list.js';
export { type RevocationReason, revocationReasons } from './revocation-reasons.js';
export { newSerial, parseSerial } from './serial.js';
export { isTokenUri, tokenUriReasons } from './token/uri.js';
export {
  type CertificateUse,
  daysLeft,
  type Expected,
  type Finding,
  type FindingCode,
  findingReasons,
  type InspectedCertificate,
  type InspectOptions,
  inspectAuthority,
  inspectCertificate,
  inspectKeyPair,
  inspectList,
  type ReadList,
  type Register,
  readCertificate,
  servedFindings,
} from './verify/index.js';
export { readRevocationList } from './verify/revocation.js';
