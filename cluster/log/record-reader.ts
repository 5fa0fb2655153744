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
    const header = this.#place(offset, recordHeaderBytes);
    if (header < 0 || this.#window.readUInt16LE(header + 14) !== recordSignature) return undefined;
    const total = recordHeaderBytes + this.#window.readUInt32LE(header + 4);
    const start = this.#place(offset, total);
    if (start < 0) return undefined;
    const window = this.#window;
    const checksum = window.readUInt32LE(start);
    if (recordChecksum(window.subarray(start + 4, start + total), this.#salt, offset) !== checksum) return undefined;
    return {
      kind: window.readUInt8(start + 12),
      detail: window.readUInt8(start + 13),
      batch: window.readUInt32LE(start + 8),
      body: window.subarray(start + recordHeaderBytes, start + total),
      checksum,
      end: offset + padded(total),
    };
  }

  /** The offset of a whole record in `from` … `to` whose batch begins after `from`, if there is one. */
  witness(from: number, to: number): number | undefined {
    for (let offset = from + 8; offset + recordHeaderBytes <= to; offset += 8) {
      const header = this.#place(offset, recordHeaderBytes);
      if (header < 0) return undefined;
      if (this.#window.readUInt16LE(header + 14) !== recordSignature) continue;
      if (this.#window.readUInt32LE(header + 8) > from && this.at(offset) !== undefined) return offset;
    }
    return undefined;
  }

  /** Where the window holds those bytes of the file, -1 when the file ends before. */
  #place(offset: number, length: number): number {
    if (offset + length > this.size) return -1;
    const place = offset - this.#windowStart;
    if (place >= 0 && place + length <= this.#window.length) return place;
    const read = this.#file.readSync(offset, Math.max(length, this.#windowBytes));
    this.#window = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    this.#windowStart = offset;
    return this.#window.length < length ? -1 : 0;
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
