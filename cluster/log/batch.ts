import type { Entry } from '../raft/types.js';
import {
  entryFieldBytes,
  entryKindNumber,
  padded,
  type RecordKind,
  recordChecksum,
  recordHeaderBytes,
  recordKinds,
  recordSignature,
} from './records.js';

const wordSize = 2 ** 32;

/** Records on their way to one place of a segment, in one write. Its buffer is used again for the batches that follow. */
export class Batch {
  #bytes: Buffer<ArrayBuffer>;
  #length = 0;
  #start = 0;
  #salt = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Empties it for records that begin at `start` of the segment that has `salt`. */
  begin(start: number, salt: number): this {
    this.#start = start;
    this.#salt = salt;
    this.#length = 0;
    return this;
  }

  get start(): number {
    return this.#start;
  }

  /** Bytes that the buffer holds on to. */
  get capacity(): number {
    return this.#bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  /** Valid until the next record is added. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  addEntry({ index, term, kind, data }: Entry): void {
    const bodyBytes = entryFieldBytes + data.length;
    const body = this.#open(bodyBytes, recordKinds.entry, entryKindNumber(kind));
    this.#bytes.writeUInt32LE(index % wordSize, body);
    this.#bytes.writeUInt32LE(Math.floor(index / wordSize), body + 4);
    this.#bytes.writeUInt32LE(term % wordSize, body + 8);
    this.#bytes.writeUInt32LE(Math.floor(term / wordSize), body + 12);
    this.#bytes.set(data, body + entryFieldBytes);
    this.#seal(bodyBytes);
  }

  /** Returns the record's checksum. */
  add(kind: RecordKind, content: Uint8Array): number {
    const body = this.#open(content.length, kind, 0);
    this.#bytes.set(content, body);
    return this.#seal(content.length);
  }

  #open(bodyBytes: number, kind: RecordKind, detail: number): number {
    const at = this.#length;
    const end = at + padded(recordHeaderBytes + bodyBytes);
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.writeUInt32LE(bodyBytes, at + 4);
    this.#bytes.writeUInt32LE(this.#start, at + 8);
    this.#bytes[at + 12] = kind;
    this.#bytes[at + 13] = detail;
    this.#bytes.writeUInt16LE(recordSignature, at + 14);
    return at + recordHeaderBytes;
  }

  #seal(bodyBytes: number): number {
    const at = this.#length;
    const end = at + recordHeaderBytes + bodyBytes;
    const checksum = recordChecksum(this.#bytes.subarray(at + 4, end), this.#salt, this.#start + at);
    this.#bytes.writeUInt32LE(checksum, at);
    this.#length = padded(end);
    this.#bytes.fill(0, end, this.#length);
    return checksum;
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
