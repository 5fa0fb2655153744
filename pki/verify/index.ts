// What is wrong with certificates, keys and revocation lists that are there: each finding says what, why, and what to do.
export type { CertificateUse, Expected } from './content.js';
export { daysLeft } from './dates.js';
export { type Finding, type FindingCode, findingReasons } from './finding.js';
export { type InspectedCertificate, inspectAuthority, inspectCertificate, servedFindings } from './inspect.js';
export { type InspectOptions, inspectKeyPair, readCertificate } from './key-pair.js';
export type { Register } from './register.js';
export { inspectList, type ReadList } from './revocation.js';
