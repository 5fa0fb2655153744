import { quoted } from '../shown.js';
import type { Objection } from './complaints.js';
import type { PlanPermission } from './plan.js';

/** A range of keys in etcd's convention: `end` absent is the one key, [0] everything from `key` on. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly end?: Uint8Array;
}

const lowest = Uint8Array.of(0);

/**
 * The first key after all those with the prefix: the prefix with its last byte below 0xff raised and the rest cut off.
 * Nothing comes after a prefix of 0xff bytes only: its end is [0], "to the end of all keys".
 *
 *     /app/  ->  /app0        a\xff  ->  b        \xff\xff  ->  \0
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last === -1) return lowest;
  const end = prefix.slice(0, last + 1);
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The keys that a permission of the plan covers. */
export function keyRange(permission: PlanPermission): KeyRange {
  if ('prefix' in permission) {
    const prefix = bytes(permission.prefix);
    return prefix.length === 0 ? { key: lowest, end: lowest } : { key: prefix, end: prefixEnd(prefix) };
  }
  const key = bytes(permission.key);
  return permission.end === undefined ? { key } : { key, end: bytes(permission.end) };
}

/** A range must hold a key: an end at or before the start would grant nothing. */
export function rangeObjection(permission: PlanPermission): Objection | undefined {
  if ('prefix' in permission) return undefined;
  if (permission.key === '') return { what: 'a key may not be empty', hint: 'every key is prefix: ""' };
  const { key, end } = keyRange(permission);
  if (end === undefined || Buffer.compare(end, lowest) === 0) return undefined;
  if (Buffer.compare(key, end) < 0) return undefined;
  const hint = 'end is the first key that is not covered; keys compare byte by byte';
  return { what: `no key is from ${quoted(permission.key)} up to ${quoted(permission.end)}`, hint };
}
