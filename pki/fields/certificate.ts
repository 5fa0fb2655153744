import { contextTag, DerError, derTags, expectTag, readInside, readValue } from '../der.js';
import {
  type AlgorithmField,
  type ExtensionField,
  readAlgorithm,
  readExtensions,
  readName,
  readSigned,
  readTagged,
  readTime,
  type SignedFields,
  type TimeField,
} from './common.js';

/** A certificate (RFC 5280 4.1) as it stands. */
export interface CertificateFields extends SignedFields {
  readonly kind: 'certificate';
  /** 1, 2 or 3; others as they are. */
  readonly version: number;
  /** The integer's octets. */
  readonly serial: Buffer;
  /** Among what is signed. */
  readonly innerAlgorithm: AlgorithmField;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: TimeField;
  readonly notAfter: TimeField;
  readonly publicKey: Buffer;
  /** issuerUniqueID or subjectUniqueID. */
  readonly hasUniqueIds: boolean;
  /** Undefined where there is no list of them. */
  readonly extensions: readonly ExtensionField[] | undefined;
}

/** @throws DerError */
export function readCertificateFields(der: Buffer): CertificateFields {
  const { inner, ...around } = readSigned(readValue(der));
  const versioned = readTagged(inner, 0, 'the version');
  const version =
    versioned === undefined ? 1 : 1 + (expectTag(versioned, derTags.integer, 'the version').content[0] ?? 0);
  const [serial, algorithm, issuer, validity, subject, key, ...more] = versioned === undefined ? inner : inner.slice(1);
  const [notBefore, notAfter, ...rest] = readInside(validity, derTags.sequence, 'the validity');
  if (rest.length > 0) throw new DerError('its validity is more than two times');
  const list = readTagged(more, 3, 'the extensions');
  return {
    kind: 'certificate',
    ...around,
    version,
    serial: expectTag(serial, derTags.integer, 'the serial number').content,
    innerAlgorithm: readAlgorithm(algorithm),
    issuer: readName(issuer, 'the issuer'),
    subject: readName(subject, 'the subject'),
    notBefore: readTime(notBefore, 'notBefore'),
    notAfter: readTime(notAfter, 'notAfter'),
    publicKey: expectTag(key, derTags.sequence, 'the public key').whole,
    hasUniqueIds: more.some(({ tag }) => tag === contextTag(1) || tag === contextTag(2)),
    extensions: list === undefined ? undefined : readExtensions(list),
  };
}

/** One extension's value. */
export const extensionOf = (
  { extensions }: { readonly extensions: readonly ExtensionField[] | undefined },
  oid: string,
): ExtensionField | undefined => extensions?.find((each) => each.oid === oid);
