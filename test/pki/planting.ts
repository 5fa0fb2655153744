import { derTags, readInside, readValue } from '../../pki/der.js';
import { der, derOid, derSequence } from './der-writer.js';

// Faults that no tool makes, planted into what one has made. The signatures do not hold any more, which is no linter's business.

const partsIn = (value: Buffer): Buffer[] =>
  readInside(readValue(value), value[0] ?? 0, 'it').map(({ whole }) => whole);

/** Changes the parts of what is signed, in a certificate or a list. */
export function plant(whole: Buffer, change: (parts: Buffer[]) => readonly Buffer[]): Buffer {
  const [signed = Buffer.alloc(0), ...rest] = partsIn(whole);
  return derSequence(derSequence(...change(partsIn(signed))), ...rest);
}

/** Changes what is behind what is signed: the algorithm, the signature. */
export function plantBehind(whole: Buffer, change: (parts: Buffer[]) => readonly Buffer[]): Buffer {
  const [signed = Buffer.alloc(0), ...rest] = partsIn(whole);
  return derSequence(signed, ...change(rest));
}

/** One part in place of another, by its number. */
export const swap =
  (place: number, part: Buffer) =>
  (parts: Buffer[]): Buffer[] =>
    parts.map((each, index) => (index === place ? part : each));

/** Changes the last part, which is the list of extensions in its tag. */
export const extensions =
  (change: (list: Buffer[]) => readonly Buffer[]) =>
  (parts: Buffer[]): Buffer[] => {
    const tagged = parts.at(-1) ?? Buffer.alloc(0);
    const [list = Buffer.alloc(0)] = partsIn(tagged);
    return [...parts.slice(0, -1), der(tagged[0] ?? 0, derSequence(...change(partsIn(list))))];
  };

/** An extension; `marked` is what stands as its mark, whether DER would have it or not. */
export const extension = (oid: string, value: Buffer, marked?: boolean): Buffer =>
  derSequence(
    derOid(oid),
    ...(marked === undefined ? [] : [der(derTags.boolean, Buffer.from([marked ? 0xff : 0]))]),
    der(derTags.octetString, value),
  );

/** A name of one attribute. */
export const name = (oid: string, tag: number, text: string): Buffer =>
  derSequence(der(derTags.set, derSequence(derOid(oid), der(tag, Buffer.from(text)))));

export const integer = (hex: string): Buffer => der(derTags.integer, Buffer.from(hex, 'hex'));
export const time = (text: string): Buffer =>
  der(text.length === 13 ? derTags.utcTime : derTags.generalizedTime, Buffer.from(text));
