/** One value of DER (X.690): a tag, and what is in it. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag and length included: what is signed, and what names are compared by. */
  readonly whole: Buffer;
}

export const derTags = {
  integer: 0x02,
  bitString: 0x03,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

const malformed = (): never => {
  throw new Error('it is not DER');
};

/** The value that begins at `offset`. @throws Error when there is none */
function valueAt(bytes: Buffer, offset: number): DerValue {
  const tag = bytes[offset] ?? malformed();
  if ((tag & 0x1f) === 0x1f) malformed();
  const first = bytes[offset + 1] ?? malformed();
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  // 0x80 is BER's indefinite length; four bytes are more than any file here.
  if (first === 0x80 || lengthBytes > 4) malformed();
  const start = offset + 2 + lengthBytes;
  if (start > bytes.length) malformed();
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(offset + 2, lengthBytes);
  if (start + length > bytes.length) malformed();
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(offset, start + length) };
}

/** Reads exactly one value. @throws Error */
export function readDer(bytes: Buffer): DerValue {
  const value = valueAt(bytes, 0);
  return value.whole.length === bytes.length ? value : malformed();
}

/** The values inside another. @throws Error */
export function derItems({ content }: DerValue): readonly DerValue[] {
  const items: DerValue[] = [];
  for (let offset = 0; offset < content.length; ) {
    const item = valueAt(content, offset);
    items.push(item);
    offset += item.whole.length;
  }
  return items;
}

/** The items of a sequence. @throws Error when it is none */
export const derSequence = (value: DerValue | undefined): readonly DerValue[] =>
  value?.tag === derTags.sequence ? derItems(value) : malformed();

/** A serial number as text: hex without leading zeros, as X.509 tools print it. */
export const derSerial = (value: DerValue | undefined): string =>
  value?.tag === derTags.integer
    ? value.content
        .toString('hex')
        .replace(/^0+(?=.)/, '')
        .toUpperCase()
    : malformed();

/** `1.2.840.113549.1.1.11`. */
export function derObjectId(value: DerValue | undefined): string {
  if (value?.tag !== derTags.objectId || value.content.length === 0) return malformed();
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs[0] ?? 0;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - 40 * top, ...arcs.slice(1)].join('.');
}

/** UTCTime or GeneralizedTime, in the forms that RFC 5280 4.1.2.5 allows. */
export function derTime(value: DerValue | undefined): Date {
  const text = value?.content.toString('latin1') ?? '';
  const short = value?.tag === derTags.utcTime;
  const match = (
    short ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/ : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
  ).exec(text);
  if (match === null || !isTime(value)) return malformed();
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const century = !short ? 0 : year < 50 ? 2000 : 1900;
  return new Date(Date.UTC(century + year, month - 1, day, hour, minute, second));
}

export const isTime = (value: DerValue | undefined): boolean =>
  value?.tag === derTags.utcTime || value?.tag === derTags.generalizedTime;
