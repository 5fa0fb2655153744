import type { LeaseId, Revision } from '../numbers.js';

// The store's requests and answers as plain values: what api/ decodes, apply/ authorizes and store/ carries out.
// Shapes follow etcd's v3 KV service with its conventions for ranges:
// `end` absent: the one key · `end` = [0]: every key >= `key` · otherwise key <= k < end.

export interface KeyRange {
  readonly key: Uint8Array;
  readonly end?: Uint8Array;
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  readonly version: number;
  readonly lease: LeaseId;
}

/** One change of one key, as the history keeps it and watchers are told of it. */
export interface Change {
  /** The key was deleted: but for it all fields are empty or 0. */
  readonly tombstone: boolean;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly create: Revision;
  readonly version: number;
  readonly lease: LeaseId;
}

export type SortTarget = 'key' | 'version' | 'create' | 'mod' | 'value';
export type SortOrder = 'none' | 'ascend' | 'descend';

export interface Range extends KeyRange {
  readonly kind: 'range';
  /** 0: no limit. */
  readonly limit: number;
  /** <= 0: the latest. */
  readonly revision: Revision;
  readonly order: SortOrder;
  readonly target: SortTarget;
  readonly serializable: boolean;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  /** Bounds on mod and create revision, inclusive; 0: none. */
  readonly minModRevision: Revision;
  readonly maxModRevision: Revision;
  readonly minCreateRevision: Revision;
  readonly maxCreateRevision: Revision;
}

export interface Put {
  readonly kind: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: LeaseId;
  readonly prevKv: boolean;
  /** Keeps the value (lease) that the key has. */
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

export interface DeleteRange extends KeyRange {
  readonly kind: 'delete-range';
  readonly prevKv: boolean;
}

export interface Compare extends KeyRange {
  readonly result: 'equal' | 'greater' | 'less' | 'not-equal';
  readonly against:
    | { readonly target: 'version' | 'create' | 'mod'; readonly number: number }
    | { readonly target: 'lease'; readonly lease: LeaseId }
    | { readonly target: 'value'; readonly value: Uint8Array };
}

export interface Txn {
  readonly kind: 'txn';
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type Operation = Range | Put | DeleteRange | Txn;

export interface RangeResult {
  readonly kind: 'range';
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}
export interface PutResult {
  readonly kind: 'put';
  readonly prevKv?: KeyValue;
}
export interface DeleteRangeResult {
  readonly kind: 'delete-range';
  readonly deleted: number;
  readonly prevKvs: readonly KeyValue[];
}
export interface TxnResult {
  readonly kind: 'txn';
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}
export type OperationResult = RangeResult | PutResult | DeleteRangeResult | TxnResult;
