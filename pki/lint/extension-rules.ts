// RFC 5280 4.2: what holds for all extensions, and whether each is critical.
import { contextTag, derTags, readInside, readOid } from '../der.js';
import type { CertificateFields } from '../fields/certificate.js';
import { anyExtendedKeyUsage, type ExtensionName, extensionName, isKnownExtension, serverAuth } from './oids.js';
import { must, type Rule, should, unless } from './rule.js';
import { type Extended, extension, innerValue, isAuthority, isEmptyName, isSelfIssued, partsOf } from './view.js';

/** For certificates, lists and their entries. @param section where such a list of extensions stands */
export const commonExtensionRules = (section: string): readonly Rule<Extended>[] => [
  must('extensions-once', `RFC 5280 ${section}`, ({ extensions = [] }) => {
    const twice = extensions.find(({ oid }, index) => extensions.findIndex((each) => each.oid === oid) !== index);
    return unless(twice === undefined, `the extension ${extensionName(twice?.oid ?? '')} is in it twice`);
  }),
  must('extensions-not-empty', `RFC 5280 ${section}`, ({ extensions }) =>
    unless(extensions?.length !== 0, 'its list of extensions is there, and empty'),
  ),
  must('critical-known', `RFC 5280 ${section}`, ({ extensions = [] }) => {
    const unknown = extensions.find(({ oid, critical }) => critical && !isKnownExtension(oid));
    return unless(
      unknown === undefined,
      `the extension ${unknown?.oid} is critical, and nobody knows it: it is refused`,
    );
  }),
  must('default-left-out', 'X.690 11.5', ({ extensions = [] }) => {
    const marked = extensions.find(({ critical, marked }) => marked && !critical);
    return unless(
      marked === undefined,
      `the extension ${extensionName(marked?.oid ?? '')} says that it is not critical, which DER leaves out`,
    );
  }),
];

/** What each extension has to be, as data. */
const criticality: readonly (readonly [
  ExtensionName,
  'must' | 'must not' | 'should' | 'should not',
  section: string,
])[] = [
  ['authorityKeyIdentifier', 'must not', '4.2.1.1'],
  ['subjectKeyIdentifier', 'must not', '4.2.1.2'],
  ['keyUsage', 'should', '4.2.1.3'],
  ['policyMappings', 'should', '4.2.1.5'],
  ['issuerAltName', 'should not', '4.2.1.7'],
  ['subjectDirectoryAttributes', 'must not', '4.2.1.8'],
  ['nameConstraints', 'must', '4.2.1.10'],
  ['policyConstraints', 'must', '4.2.1.11'],
  ['cRLDistributionPoints', 'should not', '4.2.1.13'],
  ['inhibitAnyPolicy', 'must', '4.2.1.14'],
  ['freshestCRL', 'must not', '4.2.1.15'],
  ['authorityInfoAccess', 'must not', '4.2.2.1'],
  ['subjectInfoAccess', 'must not', '4.2.2.2'],
];

const criticalityRules = criticality.map(([name, wanted, section]): Rule<CertificateFields> => {
  const critical = wanted === 'must' || wanted === 'should';
  const rule = wanted.startsWith('must') ? must : should;
  return rule(`${name}-${critical ? 'critical' : 'not-critical'}`, `RFC 5280 ${section}`, (fields) => {
    const found = extension(fields, name);
    return unless(found === undefined || found.critical === critical, `${name} is ${critical ? 'not ' : ''}critical`);
  });
});

const isOnlyCritical = (fields: CertificateFields): boolean => isEmptyName(fields.subject);

export const extensionRules: readonly Rule<CertificateFields>[] = [
  ...commonExtensionRules('4.2'),
  ...criticalityRules,
  must('authority-key-id', 'RFC 5280 4.2.1.1', (fields) => {
    if (isSelfIssued(fields) || fields.extensions === undefined) return undefined;
    const field = extension(fields, 'authorityKeyIdentifier');
    if (field === undefined) return 'it does not say which key of its issuer signed it (authorityKeyIdentifier)';
    const has = partsOf(field, 'authorityKeyIdentifier').some(({ tag }) => tag === contextTag(0));
    return unless(has, 'its authorityKeyIdentifier has no key identifier');
  }),
  must('subject-key-id', 'RFC 5280 4.2.1.2', (fields) =>
    unless(
      !isAuthority(fields) || extension(fields, 'subjectKeyIdentifier') !== undefined,
      'it is an authority without a subjectKeyIdentifier',
    ),
  ),
  should('subject-key-id-of-leaf', 'RFC 5280 4.2.1.2', (fields) =>
    unless(
      isAuthority(fields) || fields.extensions === undefined || extension(fields, 'subjectKeyIdentifier') !== undefined,
      'it has no subjectKeyIdentifier',
    ),
  ),
  must('subject-key-id-form', 'RFC 5280 4.2.1.2', (fields) => {
    const field = extension(fields, 'subjectKeyIdentifier');
    if (field === undefined) return undefined;
    const { tag, content } = innerValue(field);
    return unless(tag === derTags.octetString && content.length > 0, 'its subjectKeyIdentifier is no octets');
  }),
  must('alt-name-when-no-subject', 'RFC 5280 4.1.2.6', (fields) =>
    unless(
      !isOnlyCritical(fields) || extension(fields, 'subjectAltName')?.critical === true,
      'its subject is empty, and it has no critical subjectAltName in its place',
    ),
  ),
  should('alt-name-not-critical', 'RFC 5280 4.2.1.6', (fields) =>
    unless(
      isOnlyCritical(fields) || extension(fields, 'subjectAltName')?.critical !== true,
      'subjectAltName is critical beside a subject',
    ),
  ),
  must('extended-usages', 'RFC 5280 4.2.1.12', (fields) =>
    unless(usagesOf(fields)?.length !== 0, 'its extKeyUsage is empty'),
  ),
  should('extended-usage-any', 'RFC 5280 4.2.1.12', (fields) => {
    const critical = extension(fields, 'extKeyUsage')?.critical === true;
    return unless(
      !(critical && usagesOf(fields)?.includes(anyExtendedKeyUsage)),
      'it is for any use, and critical at that',
    );
  }),
  must('server-names', 'RFC 9525 2', (fields) =>
    unless(
      !usagesOf(fields)?.includes(serverAuth) || extension(fields, 'subjectAltName') !== undefined,
      'it is for servers, and has no subjectAltName: the common name is not looked at',
    ),
  ),
  ...(['cRLDistributionPoints', 'authorityInfoAccess', 'subjectInfoAccess', 'certificatePolicies'] as const).map(
    (name) =>
      must<CertificateFields>(`${name}-not-empty`, 'RFC 5280 4.2', (fields) => {
        const field = extension(fields, name);
        return unless(field === undefined || partsOf(field, name).length > 0, `${name} is empty`);
      }),
  ),
  must('policies-once', 'RFC 5280 4.2.1.4', (fields) => {
    const field = extension(fields, 'certificatePolicies');
    const policies = (field === undefined ? [] : partsOf(field, 'certificatePolicies')).map((policy) =>
      readOid(readInside(policy, derTags.sequence, 'a policy')[0], 'a policy'),
    );
    return unless(new Set(policies).size === policies.length, 'a policy is in it twice');
  }),
];

/** @throws DerError */
function usagesOf(fields: CertificateFields): string[] | undefined {
  const field = extension(fields, 'extKeyUsage');
  return field === undefined
    ? undefined
    : partsOf(field, 'extKeyUsage').map((usage) => readOid(usage, 'an extended key usage'));
}
