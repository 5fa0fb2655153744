import type { DiskFile } from '../disk.js';
import type { Index, Term } from '../numbers.js';
import { index as toIndex, term as toTerm } from '../numbers.js';
import { entryFieldBytes, padded, recordChecksum, recordHeaderBytes, recordSignature } from './records.js';

export interface FoundRecord {
  readonly kind: number;
  /** The kind of entry. */
  readonly detail: number;
  /** Where its batch begins: everything before that was durable when it was written. */
  readonly batch: number;
  readonly body: Buffer;
  readonly checksum: number;
  readonly end: number;
}

const wordSize = 2 ** 32;

/** Finds whole records in a segment's file, which must not change meanwhile; reads ahead by `windowBytes`. */
export class RecordReader {
  readonly #file: DiskFile;
  readonly #salt: number;
  readonly #windowBytes: number;
  readonly size: number;
  #window: Buffer = Buffer.alloc(0);
  #windowStart = 0;

  constructor(file: DiskFile, salt: number, windowBytes: number) {
    this.#file = file;
    this.#salt = salt;
    this.#windowBytes = windowBytes;
    this.size = file.size();
  }

  /** Undefined when what stands there is not a whole record with the right checksum. */
  at(offset: number): FoundRecord | undefined {
    const header = this.#bytes(offset, recordHeaderBytes);
    if (header === undefined || header.readUInt16LE(14) !== recordSignature) return undefined;
    const total = recordHeaderBytes + header.readUInt32LE(4);
    const record = this.#bytes(offset, total);
    if (record === undefined) return undefined;
    const checksum = record.readUInt32LE(0);
    if (recordChecksum(record.subarray(4), this.#salt, offset) !== checksum) return undefined;
    return {
      kind: record.readUInt8(12),
      detail: record.readUInt8(13),
      batch: record.readUInt32LE(8),
      body: record.subarray(recordHeaderBytes),
      checksum,
      end: offset + padded(total),
    };
  }

  /** The offset of a whole record in `from` … `to` whose batch begins after `from`, if there is one. */
  witness(from: number, to: number): number | undefined {
    for (let offset = from + 8; offset + recordHeaderBytes <= to; offset += 8) {
      const header = this.#bytes(offset, recordHeaderBytes);
      if (header === undefined) return undefined;
      if (header.readUInt16LE(14) !== recordSignature || header.readUInt32LE(8) <= from) continue;
      if (this.at(offset) !== undefined) return offset;
    }
    return undefined;
  }

  #bytes(offset: number, length: number): Buffer | undefined {
    if (offset + length > this.size) return undefined;
    const from = offset - this.#windowStart;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    const read = this.#file.readSync(offset, Math.max(length, this.#windowBytes));
    this.#window = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    this.#windowStart = offset;
    return this.#window.length < length ? undefined : this.#window.subarray(0, length);
  }
}

export interface EntryFields {
  readonly index: Index;
  readonly term: Term;
  readonly data: Uint8Array;
}

/** Undefined when the body is too short to be an entry's. */
export function entryFields(body: Buffer): EntryFields | undefined {
  if (body.length < entryFieldBytes) return undefined;
  return {
    index: toIndex(body.readUInt32LE(0) + body.readUInt32LE(4) * wordSize),
    term: toTerm(body.readUInt32LE(8) + body.readUInt32LE(12) * wordSize),
    data: body.subarray(entryFieldBytes),
  };
}
