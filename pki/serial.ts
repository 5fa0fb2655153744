// Serial numbers: made so that they sort by when they were made, and read in the spellings of other tools.
import { randomBytes } from 'node:crypto';

/**
 * 16 octets (RFC 5280 4.1.2.2: positive, at most 20). With the top bits 01 the DER integer needs no sign octet and loses no
 * leading zero, so a serial reads the same in every tool. 46 bits are the milliseconds since 1970, so that the ledger, whose
 * rows are in the order of serials, grows at its end; 80 bits are random.
 *
 * @returns 32 lower-case hexadecimal digits
 */
export function newSerial(now: Date, random: (octets: number) => Buffer = randomBytes): string {
  const octets = random(16);
  octets.writeUIntBE(2 ** 46 + (Math.max(0, now.getTime()) % 2 ** 46), 0, 6);
  return octets.toString('hex');
}

/**
 * A serial as openssl (`3F:0A…`, `0x3f0a`), certtool (`3f0a…`) and others print it, in the one form that the ledger has: lower-case
 * hexadecimal, whole octets. Undefined for what is none.
 */
export function parseSerial(text: string): string | undefined {
  const digits = text
    .trim()
    .toLowerCase()
    .replace(/^(serial=|serial:)\s*/, '')
    .replace(/^0x/, '')
    .replace(/[: ]/g, '');
  if (!/^[0-9a-f]{1,40}$/.test(digits)) return undefined;
  const bare = digits.replace(/^0+(?=.)/, '');
  return bare.length % 2 === 0 ? bare : `0${bare}`;
}
