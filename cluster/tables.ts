// What the state rooms (store, auth, members) see of the backend: ordered tables of bytes.

export interface RangeOptions {
  /** First key that counts; absent: from the first key. */
  readonly from?: Uint8Array;
  /** First key that no longer counts; absent: to the last key. */
  readonly to?: Uint8Array;
  /** Descending, from the last key below `to` down to `from`. */
  readonly reverse?: boolean;
}

/** An ordered table. Keys are non-empty and at most `tableKeyBytesMax` long, compared as bytes. */
export interface Table {
  get(key: Uint8Array): Uint8Array | undefined;
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** Lazily, in order; sees what was put before the call. The table must not change while a caller iterates. */
  range(options?: RangeOptions): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Number of rows in the range, where the table can tell without handing them out. */
  count?(options?: RangeOptions): number;
}

/** LMDB takes 1978 bytes at 4 KiB pages. */
export const tableKeyBytesMax = 1900;

/** Gives a room its table. Reads see all applied writes, committed to disk or not; writes are legal only inside a transaction. */
export type TableSource = (name: string) => Table;
