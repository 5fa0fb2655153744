import { prefixEnd } from '../plan/permissions.js';
import { printable } from '../shown.js';
import { type Interval, type Intervals, minus } from './intervals.js';
import { bytesOf, keyOf, type Rights } from './rights.js';

/** Readable where it is UTF-8, with escapes for what can't be seen; hexadecimal where it is not. */
export function keyWords(key: string): string {
  const bytes = bytesOf(key);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? printable(text) : `0x${bytes.toString('hex')}`;
}

/** `prefix /app/`, `key /one`, `a up to b`, `from a on`, `every key` */
export function intervalWords({ from, to }: Interval): string {
  if (to === undefined) return from === '' || from === '\0' ? 'every key' : `from ${keyWords(from)} on`;
  if (to === `${from}\0`) return `key ${keyWords(from)}`;
  if (from !== '' && keyOf(prefixEnd(bytesOf(from))) === to) return `prefix ${keyWords(from)}`;
  return `${keyWords(from)} up to ${keyWords(to)}`;
}

/** `readwrite prefix /app/`, a line for each interval, what may be both read and written first. */
export function rightsLines({ read, write }: Rights): string[] {
  const both = minus(read, minus(read, write));
  const lines = (kind: string, intervals: Intervals): string[] =>
    intervals.map((interval) => `${kind} ${intervalWords(interval)}`);
  return [...lines('readwrite', both), ...lines('read', minus(read, both)), ...lines('write', minus(write, both))];
}
