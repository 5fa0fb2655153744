import { noLease, revision } from '../../../cluster/numbers.js';
import type { Compare, DeleteRange, Operation, Put, Range, Txn } from '../../../cluster/operations/kv.js';
import { keys } from '../auth/operations.js';

// Short words for operations on keys in tests.

export const put = (key: string, prevKv = false): Put => {
  const value = Buffer.from('v');
  return { kind: 'put', ...keys(key), value, lease: noLease, prevKv, ignoreValue: false, ignoreLease: false };
};
export const remove = (key: string, end?: string, prevKv = false): DeleteRange => ({
  kind: 'delete-range',
  ...keys(key, end),
  prevKv,
});
const zero = revision(0);
export const range = (key: string, end?: string): Range => ({
  kind: 'range',
  ...keys(key, end),
  limit: 0,
  revision: zero,
  order: 'none',
  target: 'key',
  serializable: false,
  keysOnly: false,
  countOnly: false,
  minModRevision: zero,
  maxModRevision: zero,
  minCreateRevision: zero,
  maxCreateRevision: zero,
});
export const compare = (key: string, end?: string): Compare => ({
  ...keys(key, end),
  result: 'equal',
  against: { target: 'version', number: 0 },
});
export const txn = (parts: Partial<Txn>): Txn => ({ kind: 'txn', compare: [], success: [], failure: [], ...parts });
/** The operation in the branch not taken, that many transactions below the outermost. */
export const inside = (levels: number, operation: Operation): Txn =>
  levels === 0 ? txn({ failure: [operation] }) : txn({ success: [inside(levels - 1, operation)] });
