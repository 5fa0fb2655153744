import { noLease, revision } from '../../../cluster/numbers.js';
import type { Compare, DeleteRange, Operation, Put, Range, Txn } from '../../../cluster/operations/kv.js';

// Operations with etcd's defaults, to be overridden by name.

export type Text = string | Uint8Array;

export const bytes = (text: Text): Uint8Array => (typeof text === 'string' ? Buffer.from(text, 'latin1') : text);

const keyRange = (key: Text, end?: Text) => ({ key: bytes(key), ...(end === undefined ? {} : { end: bytes(end) }) });

export const fromKey = '\0';

export const put = (key: Text, value: Text, rest: Partial<Put> = {}): Put => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
  lease: noLease,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
  ...rest,
});

export const del = (key: Text, end?: Text, prevKv = false): DeleteRange => ({
  kind: 'delete-range',
  ...keyRange(key, end),
  prevKv,
});

export const get = (key: Text, end?: Text, rest: Partial<Range> = {}): Range => ({
  kind: 'range',
  ...keyRange(key, end),
  limit: 0,
  revision: revision(0),
  order: 'none',
  target: 'key',
  serializable: false,
  keysOnly: false,
  countOnly: false,
  minModRevision: revision(0),
  maxModRevision: revision(0),
  minCreateRevision: revision(0),
  maxCreateRevision: revision(0),
  ...rest,
});

export const txn = (
  compare: readonly Compare[],
  success: readonly Operation[],
  failure: readonly Operation[] = [],
): Txn => ({ kind: 'txn', compare, success, failure });

export const when = (key: Text, result: Compare['result'], against: Compare['against'], end?: Text): Compare => ({
  ...keyRange(key, end),
  result,
  against,
});
