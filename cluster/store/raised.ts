import { type Revision, revision } from '../numbers.js';
import type { Table } from '../tables.js';
import { readNumber, writeNumber } from './records.js';

// The revision that a restore has raised the store to. etcdutl does so by a row of no key at that revision, which its
// store keeps for ever and hashes along; here it is a note, and no key.

const raisedKey = Buffer.from('raised');

/** Undefined: it never was. */
export function readRaised(meta: Table): Revision | undefined {
  const row = meta.get(raisedKey);
  return row === undefined ? undefined : revision(readNumber(Buffer.from(row), 0));
}

export function writeRaised(meta: Table, to: Revision): void {
  const value = Buffer.alloc(8);
  writeNumber(value, to, 0);
  meta.put(raisedKey, value);
}
