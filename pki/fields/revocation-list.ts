import { contextTag, derTags, expectTag, readInside, readValue } from '../der.js';
import {
  type AlgorithmField,
  type ExtensionField,
  isTime,
  readAlgorithm,
  readExtensions,
  readName,
  readSigned,
  readTagged,
  readTime,
  type SignedFields,
  type TimeField,
} from './common.js';

export interface RevokedField {
  /** Lower-case hexadecimal, as Node writes a certificate's. */
  readonly serial: string;
  /** The integer's octets. */
  readonly octets: Buffer;
  readonly revokedAt: TimeField;
  readonly extensions: readonly ExtensionField[] | undefined;
}

/** A revocation list (RFC 5280 5.1) as it stands. */
export interface RevocationListFields extends SignedFields {
  readonly kind: 'revocation list';
  readonly version: number;
  readonly innerAlgorithm: AlgorithmField;
  readonly issuer: Buffer;
  readonly thisUpdate: TimeField;
  readonly nextUpdate: TimeField | undefined;
  /** Undefined where there is no list of them. */
  readonly revoked: readonly RevokedField[] | undefined;
  readonly extensions: readonly ExtensionField[] | undefined;
}

/** @throws DerError */
export function readRevocationListFields(der: Buffer): RevocationListFields {
  const { inner, ...around } = readSigned(readValue(der));
  const versioned = inner[0]?.tag === derTags.integer;
  const [algorithm, issuer, thisUpdate, ...rest] = versioned ? inner.slice(1) : inner;
  const nextUpdate = isTime(rest[0]) ? readTime(rest[0], 'nextUpdate') : undefined;
  const revoked = rest.find(({ tag }) => tag === derTags.sequence);
  const list = readTagged(rest, 0, 'the extensions');
  return {
    kind: 'revocation list',
    ...around,
    version: versioned ? 1 + (inner[0]?.content[0] ?? 0) : 1,
    innerAlgorithm: readAlgorithm(algorithm),
    issuer: readName(issuer, 'the issuer'),
    thisUpdate: readTime(thisUpdate, 'thisUpdate'),
    nextUpdate,
    revoked: revoked === undefined ? undefined : readInside(revoked, derTags.sequence, 'the revoked').map(readRevoked),
    extensions: list === undefined ? undefined : readExtensions(list),
  };
}

function readRevoked(value: Parameters<typeof readInside>[0]): RevokedField {
  const [serial, revokedAt, extensions] = readInside(value, derTags.sequence, 'a revoked certificate');
  const { content } = expectTag(serial, derTags.integer, 'a revoked serial number');
  return {
    serial: content.toString('hex').replace(/^00(?=[89a-f])/, ''),
    octets: content,
    revokedAt: readTime(revokedAt, 'a revocation date'),
    extensions: extensions === undefined ? undefined : readExtensions(extensions),
  };
}

/** Whether a value is a revocation list and no certificate: a certificate's first part is a version in `[0]` or a number, and then no time follows third. */
export function looksLikeRevocationList(der: Buffer): boolean {
  const [signed] = readInside(readValue(der), derTags.sequence, 'it');
  const parts = readInside(signed, derTags.sequence, 'what is signed');
  const [first] = parts;
  if (first?.tag === contextTag(0, true)) return false;
  return isTime(first?.tag === derTags.integer ? parts[3] : parts[2]);
}
