// RFC 5280 5: revocation lists and their entries.
import { contextTag, derTags, expectTag } from '../der.js';
import type { RevocationListFields, RevokedField } from '../fields/revocation-list.js';
import { commonExtensionRules } from './extension-rules.js';
import type { ExtensionName } from './oids.js';
import { all, isMinimal, must, type Rule, should, unless } from './rule.js';
import { signatureRules, strengthRule } from './signature-rules.js';
import { isAfter, timeObjection } from './time.js';
import { extension, innerValue, isEmptyName, partsOf } from './view.js';

const numberOctetsMax = 20;

const criticality: readonly (readonly [ExtensionName, critical: boolean, section: string])[] = [
  ['authorityKeyIdentifier', false, '5.2.1'],
  ['issuerAltName', false, '5.2.2'],
  ['cRLNumber', false, '5.2.3'],
  ['deltaCRLIndicator', true, '5.2.4'],
  ['issuingDistributionPoint', true, '5.2.5'],
  ['freshestCRL', false, '5.2.6'],
  ['authorityInfoAccess', false, '5.2.7'],
];

const criticalityRules = criticality.map(([name, critical, section]) =>
  must<RevocationListFields>(`${name}-${critical ? 'critical' : 'not-critical'}`, `RFC 5280 ${section}`, (list) => {
    const found = extension(list, name);
    return unless(found === undefined || found.critical === critical, `${name} is ${critical ? 'not ' : ''}critical`);
  }),
);

const each = (list: RevocationListFields, check: (entry: RevokedField) => string | undefined): string | undefined => {
  for (const entry of list.revoked ?? []) {
    const message = check(entry);
    if (message !== undefined) return `${entry.serial}: ${message}`;
  }
  return undefined;
};

const entryRules: readonly Rule<RevocationListFields>[] = [
  must('revoked-not-empty', 'RFC 5280 5.1.2.6', ({ revoked }) =>
    unless(revoked?.length !== 0, 'its list of revoked certificates is there, and empty'),
  ),
  must('revoked-once', 'RFC 5280 5.1.2.6', ({ revoked = [] }) => {
    const seen = new Set<string>();
    const twice = revoked.find(({ serial }) => seen.size === seen.add(serial).size);
    return unless(twice === undefined, `${twice?.serial} is on it twice`);
  }),
  must('revoked-serial', 'X.690 8.3.2', (list) =>
    each(list, ({ octets }) => unless(isMinimal(octets), 'its serial number has more octets than it needs, or none')),
  ),
  must('revoked-time', 'RFC 5280 5.1.2.6', (list) =>
    each(list, ({ revokedAt }) => timeObjection('its revocation date', revokedAt)),
  ),
  ...commonExtensionRules('5.3').map(
    (rule): Rule<RevocationListFields> => ({
      ...rule,
      id: `entry-${rule.id}`,
      check: (list) => each(list, rule.check),
    }),
  ),
  must('reason', 'RFC 5280 5.3.1', (list) =>
    each(list, (entry) => {
      const field = extension(entry, 'reasonCode');
      if (field === undefined) return undefined;
      const { tag, content } = innerValue(field);
      const [code = -1] = content;
      const known = tag === 0x0a && content.length === 1 && code <= 10 && code !== 7;
      return all(!known && 'its reason is none that there is', field.critical && 'its reason is critical');
    }),
  ),
  should('reason-unspecified', 'RFC 5280 5.3.1', (list) =>
    each(list, (entry) => {
      const field = extension(entry, 'reasonCode');
      return unless(
        field === undefined || innerValue(field).content[0] !== 0,
        'its reason is "unspecified", which is left out',
      );
    }),
  ),
  must('invalidity-date', 'RFC 5280 5.3.2', (list) =>
    each(list, (entry) => {
      const field = extension(entry, 'invalidityDate');
      return unless(
        field === undefined || innerValue(field).tag === derTags.generalizedTime,
        'its invalidityDate is no GeneralizedTime',
      );
    }),
  ),
];

export const listRules: readonly Rule<RevocationListFields>[] = [
  must('version', 'RFC 5280 5.1.2.1', ({ version, extensions, revoked = [] }) => {
    const extended = extensions !== undefined || revoked.some((entry) => entry.extensions !== undefined);
    return all(
      extended && version !== 2 && `it has extensions, and its version is ${version}, not 2`,
      version > 2 && `there is no version ${version}`,
    );
  }),
  ...signatureRules('5.1.1.2'),
  strengthRule<RevocationListFields>(() => false),
  must('issuer-not-empty', 'RFC 5280 5.1.2.3', ({ issuer }) => unless(!isEmptyName(issuer), 'its issuer is empty')),
  must('this-update', 'RFC 5280 5.1.2.4', ({ thisUpdate }) => timeObjection('thisUpdate', thisUpdate)),
  must('next-update', 'RFC 5280 5.1.2.5', ({ nextUpdate }) =>
    nextUpdate === undefined ? 'it does not say when the next one is due' : timeObjection('nextUpdate', nextUpdate),
  ),
  must('update-order', 'RFC 5280 5.1.2.5', ({ thisUpdate, nextUpdate }) =>
    unless(!isAfter(thisUpdate, nextUpdate), 'the next one was due before this one was made'),
  ),
  ...commonExtensionRules('5.2'),
  ...criticalityRules,
  must('authority-key-id', 'RFC 5280 5.2.1', (list) => {
    const field = extension(list, 'authorityKeyIdentifier');
    if (field === undefined) return 'it does not say which key signed it (authorityKeyIdentifier)';
    const has = partsOf(field, 'authorityKeyIdentifier').some(({ tag }) => tag === contextTag(0));
    return unless(has, 'its authorityKeyIdentifier has no key identifier');
  }),
  must('list-number', 'RFC 5280 5.2.3', (list) => {
    const field = extension(list, 'cRLNumber');
    if (field === undefined) return 'it has no number (cRLNumber)';
    const { content } = expectTag(innerValue(field), derTags.integer, 'cRLNumber');
    return all(
      content.length > numberOctetsMax &&
        `its number has ${content.length} octets, and ${numberOctetsMax} at most are allowed`,
      ((content[0] ?? 0) & 0x80) !== 0 && 'its number is negative',
    );
  }),
  ...entryRules,
];
