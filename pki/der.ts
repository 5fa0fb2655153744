// DER (X.690), as much of it as requests and certificates need: read strictly, written in the one form that there is.

/** One value: its tag, what is in it, and all of it as it stood. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** What is not DER; whoever reads says of which file. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]`, context-specific: primitive, or with values in it. */
export const contextTag = (number: number, constructed = false): number => (constructed ? 0xa0 : 0x80) | number;

/** All values that stand one behind the other in `content`. @throws DerError */
export function readValues(content: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < content.length; at += values.at(-1)?.whole.length ?? 0) values.push(readAt(content, at));
  return values;
}

/** The one value that `bytes` is. @throws DerError when it is none, or something follows */
export function readValue(bytes: Buffer): DerValue {
  const value = readAt(bytes, 0);
  const rest = bytes.length - value.whole.length;
  if (rest > 0) throw new DerError(`${rest} bytes follow its end`);
  return value;
}

/** The values inside one that has to have `tag`. @throws DerError */
export function readInside(value: DerValue | undefined, tag: number, what: string): DerValue[] {
  return readValues(expectTag(value, tag, what).content);
}

/** @throws DerError */
export function expectTag(value: DerValue | undefined, tag: number, what: string): DerValue {
  if (value === undefined) throw new DerError(`${what} is missing`);
  if (value.tag !== tag) throw new DerError(`${what} has the tag ${hex(value.tag)}, not ${hex(tag)}`);
  return value;
}

const hex = (tag: number): string => `0x${tag.toString(16).padStart(2, '0')}`;

function readAt(bytes: Buffer, start: number): DerValue {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw new DerError('it ends in the middle of a value');
  if ((tag & 0x1f) === 0x1f) throw new DerError(`the tag ${hex(tag)} is of a form that nothing here has`);
  const isLong = first >= 0x80;
  const octets = isLong ? first & 0x7f : 0;
  const from = start + 2 + octets;
  const length = isLong ? longLength(bytes.subarray(start + 2, from), octets) : first;
  if (from + length > bytes.length) throw new DerError('it ends in the middle of a value');
  return { tag, content: bytes.subarray(from, from + length), whole: bytes.subarray(start, from + length) };
}

/** X.690 10.1: definite, and as few octets as do. */
function longLength(octets: Buffer, count: number): number {
  if (count === 0) throw new DerError('it has a length that is not known in advance: that is BER, not DER');
  if (count > 4 || octets.length < count) throw new DerError('it has a length that goes beyond its end');
  const length = octets.readUIntBE(0, count);
  if (octets[0] === 0 || length < 0x80)
    throw new DerError('it has a length in more octets than needed: that is BER, not DER');
  return length;
}

/** Dotted decimals. @throws DerError */
export function readOid(value: DerValue | undefined, what: string): string {
  const { content } = expectTag(value, derTags.oid, what);
  const arcs: number[] = [];
  let arc = 0;
  for (const [index, octet] of content.entries()) {
    if (arc === 0 && octet === 0x80) throw new DerError(`${what} is no object identifier`);
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError(`${what} is no object identifier that is in use`);
    if (octet & 0x80 && index === content.length - 1) throw new DerError(`${what} is no object identifier`);
    if (octet & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [head, ...rest] = arcs;
  if (head === undefined) throw new DerError(`${what} is no object identifier`);
  const root = Math.min(2, Math.floor(head / 40));
  return [root, head - root * 40, ...rest].join('.');
}
