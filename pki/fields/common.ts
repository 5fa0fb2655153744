// What certificates and revocation lists are made of (RFC 5280 4.1, 5.1), as it stands: read, and not yet judged.
import { contextTag, DerError, type DerValue, derTags, expectTag, readInside, readOid } from '../der.js';

export interface AlgorithmField {
  readonly oid: string;
  /** All of it, parameters too. */
  readonly whole: Buffer;
}

export interface TimeField {
  readonly kind: 'UTCTime' | 'GeneralizedTime';
  readonly text: string;
  /** Undefined when it is none. */
  readonly date: Date | undefined;
}

export interface ExtensionField {
  readonly oid: string;
  readonly critical: boolean;
  /** Whether the mark is there although it says no, which DER leaves out. */
  readonly marked: boolean;
  readonly value: Buffer;
}

/** What is around what is signed. */
export interface SignedFields {
  /** What the signature is about. */
  readonly signed: Buffer;
  /** Behind what is signed. */
  readonly algorithm: AlgorithmField;
  readonly signature: Buffer;
}

/** The three parts of everything that is signed. @throws DerError */
export function readSigned(value: DerValue): SignedFields & { readonly inner: readonly DerValue[] } {
  const [signed, algorithm, signature, ...rest] = readInside(value, derTags.sequence, 'it');
  if (rest.length > 0) throw new DerError('something follows its signature');
  const inner = readInside(signed, derTags.sequence, 'what is signed');
  const [unused, ...octets] = expectTag(signature, derTags.bitString, 'the signature').content;
  if (unused !== 0) throw new DerError('its signature is no whole number of octets');
  return {
    inner,
    signed: expectTag(signed, derTags.sequence, 'what is signed').whole,
    algorithm: readAlgorithm(algorithm),
    signature: Buffer.from(octets),
  };
}

/** @throws DerError */
export function readAlgorithm(value: DerValue | undefined): AlgorithmField {
  const [oid] = readInside(value, derTags.sequence, 'the signature algorithm');
  return { oid: readOid(oid, 'the signature algorithm'), whole: value?.whole ?? Buffer.alloc(0) };
}

/** A name, all of it. @throws DerError */
export const readName = (value: DerValue | undefined, what: string): Buffer =>
  expectTag(value, derTags.sequence, what).whole;

export const isTime = (value: DerValue | undefined): boolean =>
  value?.tag === derTags.utcTime || value?.tag === derTags.generalizedTime;

/** @throws DerError */
export function readTime(value: DerValue | undefined, what: string): TimeField {
  if (value === undefined) throw new DerError(`${what} is missing`);
  if (!isTime(value)) throw new DerError(`${what} is no time`);
  const text = value.content.toString('latin1');
  return value.tag === derTags.utcTime
    ? { kind: 'UTCTime', text, date: dateOf(/^\d{2}/.test(text) ? century(text) : '') }
    : { kind: 'GeneralizedTime', text, date: dateOf(text) };
}

/** RFC 5280 4.1.2.5.1: 50 and above are of the last century. */
const century = (text: string): string => `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}`;

function dateOf(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(\.\d+)?(Z|[+-]\d{4})$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', , zone = 'Z'] = match;
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const plain = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const date = new Date(`${plain}${offset}`);
  // A 31st of a shorter month is taken for the next one's first.
  const real = new Date(`${plain}Z`);
  return Number.isNaN(date.getTime()) || real.toISOString().slice(0, 19) !== plain ? undefined : date;
}

/** @throws DerError */
export const readExtensions = (value: DerValue): ExtensionField[] =>
  readInside(value, derTags.sequence, 'the list of extensions').map((extension) => {
    const [oid, ...rest] = readInside(extension, derTags.sequence, 'an extension');
    const octets = expectTag(rest.at(-1), derTags.octetString, "an extension's value").content;
    if (rest.length > 2) throw new DerError('an extension has more than a mark and a value');
    const mark = rest.length > 1 ? expectTag(rest[0], derTags.boolean, "an extension's mark").content : undefined;
    const critical = mark !== undefined && mark[0] !== 0;
    return { oid: readOid(oid, "an extension's type"), critical, marked: mark !== undefined, value: octets };
  });

/** What stands in `[n]` with a value in it. @throws DerError */
export function readTagged(values: readonly DerValue[], number: number, what: string): DerValue | undefined {
  const found = values.find(({ tag }) => tag === contextTag(number, true));
  if (found === undefined) return undefined;
  const [value, ...rest] = readInside(found, contextTag(number, true), what);
  if (value === undefined || rest.length > 0) throw new DerError(`${what} is not one value`);
  return value;
}
