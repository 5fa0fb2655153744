// Writes DER octet by octet, so that tests can hold what no library would write against the readers.
import { derTags } from '../../pki/der.js';

/** A value of these contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(length);
  const minimal = octets.subarray(octets.findIndex((octet) => octet !== 0));
  return Buffer.concat([Buffer.from([0x80 | minimal.length]), minimal]);
}

export const derSequence = (...contents: readonly Uint8Array[]): Buffer => der(derTags.sequence, ...contents);

export const derBits = (octets: Uint8Array, unused = 0): Buffer =>
  der(derTags.bitString, Buffer.from([unused]), octets);

export function derOid(dotted: string): Buffer {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(derTags.oid, Buffer.from([root * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(0x80 | (left % 128));
  return octets;
}
