// RFC 5280 4.2.1.6: the names that a certificate is found under.
import type { CertificateFields } from '../fields/certificate.js';
import { must, type Rule, should, unless } from './rule.js';
import { extension, generalNameTags, partsOf, readable } from './view.js';

interface AltName {
  readonly tag: number;
  readonly content: Buffer;
}

const namesOf = (fields: CertificateFields): AltName[] =>
  readable(() => {
    const field = extension(fields, 'subjectAltName');
    return field === undefined ? [] : partsOf(field, 'subjectAltName');
  }) ?? [];

const texts = (fields: CertificateFields, tag: number): string[] =>
  namesOf(fields)
    .filter((name) => name.tag === tag)
    .map(({ content }) => content.toString('latin1'));

const isAscii = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);
/** RFC 1034 3.5, with digits first (RFC 1123 2.1) and `*` for the first label (RFC 6125 6.4.3). */
const isDnsName = (text: string): boolean =>
  text.length <= 253 &&
  /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text);
const isAddressInText = (text: string): boolean => /^\d+(\.\d+){3}$/.test(text);

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);

export const altNameRules: readonly Rule<CertificateFields>[] = [
  must('alt-name-not-empty', 'RFC 5280 4.2.1.6', (fields) => {
    const field = extension(fields, 'subjectAltName');
    return unless(field === undefined || partsOf(field, 'subjectAltName').length > 0, 'its subjectAltName is empty');
  }),
  must('alt-name-kinds', 'RFC 5280 4.2.1.6', (fields) => {
    const known: readonly number[] = Object.values(generalNameTags);
    const odd = namesOf(fields).find(({ tag }) => !known.includes(tag));
    return unless(odd === undefined, `a name of its subjectAltName is of no kind that there is (tag ${odd?.tag})`);
  }),
  must('alt-name-dns', 'RFC 5280 4.2.1.6', (fields) => {
    const odd = texts(fields, generalNameTags.dns).find((name) => !isDnsName(name));
    return unless(odd === undefined, `${shown(odd ?? '')} is no DNS name`);
  }),
  must('alt-name-address-in-dns', 'RFC 9525 6.2', (fields) => {
    const odd = texts(fields, generalNameTags.dns).find(isAddressInText);
    return unless(odd === undefined, `${odd} is an address, and stands as a DNS name: nobody finds it there`);
  }),
  must('alt-name-address', 'RFC 5280 4.2.1.6', (fields) => {
    const odd = namesOf(fields).find(
      ({ tag, content }) => tag === generalNameTags.ip && content.length !== 4 && content.length !== 16,
    );
    return unless(odd === undefined, `an address of its subjectAltName has ${odd?.content.length} octets, not 4 or 16`);
  }),
  must('alt-name-email', 'RFC 5280 4.2.1.6', (fields) => {
    const odd = texts(fields, generalNameTags.email).find((name) => !isAscii(name) || !/^[^@<>]+@[^@<>]+$/.test(name));
    return unless(odd === undefined, `${shown(odd ?? '')} is no mailbox`);
  }),
  must('alt-name-uri', 'RFC 5280 4.2.1.6', (fields) => {
    const odd = texts(fields, generalNameTags.uri).find(
      (name) => !isAscii(name) || !/^[a-z][a-z0-9+.-]*:./i.test(name),
    );
    return unless(odd === undefined, `${shown(odd ?? '')} is no absolute URI`);
  }),
  should('alt-name-once', 'RFC 5280 4.2.1.6', (fields) => {
    const all = namesOf(fields).map(({ tag, content }) => `${tag}:${content.toString('hex')}`);
    return unless(new Set(all).size === all.length, 'a name is in its subjectAltName twice');
  }),
];
