// What rules ask about a certificate, read from its fields.
import { contextTag, DerError, type DerValue, derTags, expectTag, readInside, readOid, readValue } from '../der.js';
import type { CertificateFields } from '../fields/certificate.js';
import type { ExtensionField } from '../fields/common.js';
import { type ExtensionName, extensionOids, type UsageBit, usageBits } from './oids.js';

/** Anything with extensions. */
export interface Extended {
  readonly extensions: readonly ExtensionField[] | undefined;
}

export const extension = ({ extensions }: Extended, name: ExtensionName): ExtensionField | undefined =>
  extensions?.find(({ oid }) => oid === extensionOids[name]);

/** Its value, which is one of DER. @throws DerError */
export const innerValue = ({ value }: ExtensionField): DerValue => readValue(value);

/** The values in a sequence that an extension is. @throws DerError */
export const partsOf = (field: ExtensionField, what: string): DerValue[] =>
  readInside(innerValue(field), derTags.sequence, what);

export interface BasicConstraints {
  readonly isAuthority: boolean;
  /** Whether cA stands there although it says no, which DER leaves out. */
  readonly marked: boolean;
  readonly pathLength: Buffer | undefined;
}

/** @throws DerError */
export function basicConstraints(subject: Extended): BasicConstraints | undefined {
  const field = extension(subject, 'basicConstraints');
  if (field === undefined) return undefined;
  const parts = partsOf(field, 'basicConstraints');
  const mark = parts[0]?.tag === derTags.boolean ? parts[0] : undefined;
  const [length, ...rest] = mark === undefined ? parts : parts.slice(1);
  if (rest.length > 0) throw new DerError('basicConstraints has more than a mark and a length');
  return {
    isAuthority: mark !== undefined && mark.content[0] !== 0,
    marked: mark !== undefined,
    pathLength: length === undefined ? undefined : expectTag(length, derTags.integer, 'the path length').content,
  };
}

/** Undefined where there is no such extension. @throws DerError */
export function keyUsages(subject: Extended): UsageBit[] | undefined {
  const field = extension(subject, 'keyUsage');
  if (field === undefined) return undefined;
  const [, ...octets] = expectTag(innerValue(field), derTags.bitString, 'keyUsage').content;
  return usageBits.filter((_, bit) => (octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7)));
}

/** Whether it may sign certificates, as far as can be read. */
export const isAuthority = (subject: Extended): boolean =>
  readable(() => basicConstraints(subject)?.isAuthority) ??
  readable(() => keyUsages(subject)?.includes('keyCertSign')) ??
  false;

/** What can not be read is the business of the rule about it alone. */
export function readable<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** RFC 5280 4.2.1.6, by the tag. */
export const generalNameTags = {
  other: contextTag(0, true),
  email: contextTag(1),
  dns: contextTag(2),
  x400: contextTag(3, true),
  directory: contextTag(4, true),
  edi: contextTag(5, true),
  uri: contextTag(6),
  ip: contextTag(7),
  registeredId: contextTag(8),
} as const;

/** Issuer and subject are the same: as far as names tell, it has signed itself. */
export const isSelfIssued = ({ issuer, subject }: CertificateFields): boolean => issuer.equals(subject);

/** One attribute of a distinguished name. */
export interface Attribute {
  readonly oid: string;
  readonly tag: number;
  readonly content: Buffer;
}

/** @throws DerError */
export const attributesOf = (name: Buffer): Attribute[] =>
  readInside(readValue(name), derTags.sequence, 'a name').flatMap((part) => {
    const fields = readInside(part, derTags.set, 'a part of a name');
    if (fields.length === 0) throw new DerError('a part of a name is empty');
    return fields.map((field) => {
      const [oid, value, ...rest] = readInside(field, derTags.sequence, 'a field of a name');
      if (value === undefined || rest.length > 0) throw new DerError('a field of a name is not a type and a value');
      return { oid: readOid(oid, "a name field's type"), tag: value.tag, content: value.content };
    });
  });

/** A sequence without anything in it. */
export const isEmptyName = (name: Buffer): boolean => name.length === 2;
