// RFC 5280 4.1: the fields of a certificate.
import { createPublicKey } from 'node:crypto';
import type { CertificateFields } from '../fields/certificate.js';
import { nameRules } from './name-rules.js';
import { all, isMinimal, must, type Rule, should, unless } from './rule.js';
import { signatureRules, strengthRule } from './signature-rules.js';
import { isAfter, timeObjection } from './time.js';
import { isSelfIssued } from './view.js';

const serialOctetsMax = 20;

export const certificateRules: readonly Rule<CertificateFields>[] = [
  must('version', 'RFC 5280 4.1.2.1', ({ version, extensions }) =>
    all(
      extensions !== undefined && version !== 3 && `it has extensions, and its version is ${version}, not 3`,
      version > 3 && `there is no version ${version}`,
    ),
  ),
  should('version-3', 'RFC 5280 4.1.2.1', ({ version, extensions }) =>
    unless(
      version !== 1 || extensions !== undefined,
      'it is of version 1: without names, usages and a mark of authorities',
    ),
  ),
  must('serial-positive', 'RFC 5280 4.1.2.2', ({ serial }) =>
    all(
      serial.length === 0 && 'its serial number has no octets',
      serial.length > 0 && serial.every((octet) => octet === 0) && 'its serial number is 0',
      ((serial[0] ?? 0) & 0x80) !== 0 && 'its serial number is negative',
    ),
  ),
  must('serial-length', 'RFC 5280 4.1.2.2', ({ serial }) =>
    unless(
      serial.length <= serialOctetsMax,
      `its serial number has ${serial.length} octets, and ${serialOctetsMax} at most are allowed`,
    ),
  ),
  must('serial-minimal', 'X.690 8.3.2', ({ serial }) =>
    unless(serial.length === 0 || isMinimal(serial), 'its serial number has more octets than it needs'),
  ),
  ...signatureRules('4.1.1.2'),
  strengthRule<CertificateFields>(isSelfIssued),
  must('time-encoding', 'RFC 5280 4.1.2.5', ({ notBefore, notAfter }) =>
    all(timeObjection('notBefore', notBefore), timeObjection('notAfter', notAfter)),
  ),
  must('validity-order', 'RFC 5280 4.1.2.5', ({ notBefore, notAfter }) =>
    unless(!isAfter(notBefore, notAfter), 'it ends before it begins'),
  ),
  must('unique-ids', 'RFC 5280 4.1.2.8', ({ hasUniqueIds }) =>
    unless(!hasUniqueIds, 'it has a unique identifier of its issuer or subject, which nobody is to write'),
  ),
  ...nameRules,
  must('public-key', 'RFC 5280 4.1.2.7', keyObjection),
];

const rsaBitsMin = 2048;
const exponentMin = 65_537n;

/** Only what is weak: kinds of keys are many, and RFC 5280 names none that has to be. */
function keyObjection({ publicKey }: CertificateFields): string | undefined {
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
    const { modulusLength, publicExponent = exponentMin } = key.asymmetricKeyDetails ?? {};
    const weak = key.asymmetricKeyType === 'rsa' && modulusLength !== undefined && modulusLength < rsaBitsMin;
    return all(
      weak && `its RSA key has ${modulusLength} bits, and ${rsaBitsMin} are the least`,
      publicExponent < exponentMin && `its RSA key has the exponent ${publicExponent}, and ${exponentMin} is the least`,
    );
  } catch {
    return 'its public key can not be read';
  }
}
