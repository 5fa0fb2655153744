// RFC 5280 4.1.2.4 and 4.1.2.6: issuer and subject.
import { derTags } from '../der.js';
import type { CertificateFields } from '../fields/certificate.js';
import { must, type Rule, should, unless } from './rule.js';
import { type Attribute, attributesOf, isAuthority, isEmptyName, readable } from './view.js';

const stringTags = new Map<number, string>([
  [derTags.printableString, 'PrintableString'],
  [derTags.utf8String, 'UTF8String'],
  [derTags.ia5String, 'IA5String'],
  [derTags.teletexString, 'TeletexString'],
  [derTags.bmpString, 'BMPString'],
  [0x1c, 'UniversalString'],
]);

/** Appendix A.1: upper bounds, in characters. */
const bounds: Readonly<Record<string, readonly [name: string, max: number]>> = {
  '2.5.4.3': ['the common name', 64],
  '2.5.4.5': ['the serial number of the subject', 64],
  '2.5.4.7': ['the locality', 128],
  '2.5.4.8': ['the state', 128],
  '2.5.4.10': ['the organization', 64],
  '2.5.4.11': ['the organizational unit', 64],
  '2.5.4.12': ['the title', 64],
};

const country = '2.5.4.6';
/** domainComponent and emailAddress are IA5String (A.1); all others are a DirectoryString or PrintableString. */
const ia5Attributes: readonly string[] = ['0.9.2342.19200300.100.1.25', '1.2.840.113549.1.9.1'];

const both = ({ issuer, subject }: CertificateFields): Attribute[] => [
  ...attributesOf(issuer),
  ...attributesOf(subject),
];

/** Characters, not octets; of what is not UTF-8 octets. */
const lengthOf = ({ tag, content }: Attribute): number =>
  tag === derTags.utf8String ? [...content.toString('utf8')].length : content.length;

export const nameRules: readonly Rule<CertificateFields>[] = [
  must('names-readable', 'RFC 5280 4.1.2.4', (fields) => {
    both(fields);
    return undefined;
  }),
  must('issuer-not-empty', 'RFC 5280 4.1.2.4', ({ issuer }) => unless(!isEmptyName(issuer), 'its issuer is empty')),
  must('authority-subject', 'RFC 5280 4.1.2.6', (fields) =>
    unless(!(isAuthority(fields) && isEmptyName(fields.subject)), 'it is an authority without a subject'),
  ),
  should('name-strings', 'RFC 5280 4.1.2.4', (fields) => {
    const odd = attributes(fields).find(({ oid, tag }) => {
      const usual = ia5Attributes.includes(oid) ? [derTags.ia5String] : [derTags.printableString, derTags.utf8String];
      return !usual.some((each) => each === tag);
    });
    const kind = odd === undefined ? '' : (stringTags.get(odd.tag) ?? `a value of the tag ${odd.tag}`);
    return unless(
      odd === undefined,
      `a part of a name (${odd?.oid}) is a ${kind}, not a UTF8String or PrintableString`,
    );
  }),
  must('name-lengths', 'RFC 5280 A.1', (fields) => {
    const long = attributes(fields).find(
      (each) => lengthOf(each) > (bounds[each.oid]?.[1] ?? Number.POSITIVE_INFINITY),
    );
    if (long === undefined) return undefined;
    const [name, max] = bounds[long.oid] ?? ['', 0];
    return `${name} has ${lengthOf(long)} characters, and ${max} at most are allowed`;
  }),
  must('country', 'RFC 5280 A.1', (fields) => {
    const odd = attributes(fields).find(
      ({ oid, tag, content }) => oid === country && (tag !== derTags.printableString || content.length !== 2),
    );
    return unless(odd === undefined, 'a country is no PrintableString of two letters');
  }),
];

/** None of a name that can not be read: names-readable says so. */
const attributes = (fields: CertificateFields): Attribute[] => readable(() => both(fields)) ?? [];
