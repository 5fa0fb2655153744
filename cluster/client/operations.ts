import { noLease, revision } from '../numbers.js';
import type { DeleteRange, KeyRange, Put, Range } from '../operations/kv.js';

// Operations by what differs from etcd's defaults.

/** Text stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;

export const bytes = (value: Bytes): Uint8Array => (typeof value === 'string' ? Buffer.from(value) : value);

const latest = revision(0);

export const range = (what: KeyRange & Partial<Range>): Range => ({
  limit: 0,
  revision: latest,
  order: 'none',
  target: 'key',
  serializable: false,
  keysOnly: false,
  countOnly: false,
  minModRevision: latest,
  maxModRevision: latest,
  minCreateRevision: latest,
  maxCreateRevision: latest,
  ...what,
  kind: 'range',
});

export const put = (key: Bytes, value: Bytes): Put => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
  lease: noLease,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
});

export const deletion = (what: Bytes | KeyRange): DeleteRange => ({
  kind: 'delete-range',
  prevKv: false,
  ...(typeof what === 'string' || what instanceof Uint8Array ? { key: bytes(what) } : what),
});

/** Every key. */
export const everything: KeyRange = { key: Uint8Array.of(0), end: Uint8Array.of(0) };

/**
 * Every key that starts with `prefix`: up to the next prefix, which has its last byte below 0xff raised by one.
 * @example keysWithPrefix('/app/') // key "/app/", end "/app0"
 */
export function keysWithPrefix(prefix: Bytes): KeyRange {
  const key = bytes(prefix);
  if (key.length === 0) return everything;
  const last = key.findLastIndex((byte) => byte < 0xff);
  if (last === -1) return { key, end: Uint8Array.of(0) };
  const end = Uint8Array.from(key.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return { key, end };
}
