import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import { Batch } from './batch.js';
import { attempt } from './failures.js';
import { encodeHead, encodePreamble, type Head, preambleBytes, recordKinds } from './records.js';

const suffix = '.segment';
const nameDigits = 16;
/** A segment under this name is not yet part of the log. */
export const preparingName = 'preparing';

export const segmentName = (sequence: number): string => `${String(sequence).padStart(nameDigits, '0')}${suffix}`;

/** The number in a segment's name, undefined for any other file. */
export const sequenceOf = (name: string): number | undefined =>
  name.endsWith(suffix) && /^\d{16}$/.test(name.slice(0, -suffix.length))
    ? Number(name.slice(0, nameDigits))
    : undefined;

/** How much is zeroed ahead of the records, and how far. */
export interface Ahead {
  readonly segmentBytes: number;
  readonly chunkBytes: number;
}

/** One file of the log. Records are given places in it (`end`) before they are written. */
export class Segment {
  readonly sequence: number;
  readonly path: string;
  readonly salt: number;
  /** Where its first record after the head begins. */
  readonly begin: number;
  /** Where the next record goes. */
  end: number;
  /** Records below this offset can be read from the file. */
  written: number;
  #zeroed: number;
  #file: DiskFile | undefined;

  private constructor(path: string, sequence: number, salt: number, begin: number) {
    this.path = path;
    this.sequence = sequence;
    this.salt = salt;
    this.begin = begin;
    this.end = begin;
    this.written = begin;
    this.#zeroed = begin;
  }

  /** A segment to be, and the bytes of its beginning; `make` brings it to the disk. */
  static plan(folder: string, head: Head): { readonly segment: Segment; readonly beginning: Uint8Array } {
    const batch = new Batch(headBytesAtFirst).begin(preambleBytes, 0);
    const salt = batch.add(recordKinds.head, encodeHead(head));
    const beginning = Buffer.concat([encodePreamble(), batch.bytes()]);
    const path = join(folder, segmentName(head.sequence));
    return { segment: new Segment(path, head.sequence, salt, beginning.length), beginning };
  }

  /** A segment that is on the disk already, with its head read. */
  static found(path: string, sequence: number, salt: number, begin: number, file: DiskFile): Segment {
    const segment = new Segment(path, sequence, salt, begin);
    segment.#file = file;
    segment.#zeroed = Math.max(begin, file.size());
    return segment;
  }

  get file(): DiskFile {
    assert(this.#file !== undefined, `${this.path} is not on the disk yet`);
    return this.#file;
  }

  /** Whole and durable under another name first, so that a segment that has its name has its head. */
  async make(disk: Disk, folder: string, beginning: Uint8Array, ahead: Ahead): Promise<void> {
    const bytes = new Uint8Array(Math.max(this.begin, Math.min(ahead.chunkBytes, ahead.segmentBytes)));
    bytes.set(beginning);
    await attempt(this.path, 'creating', bytes.length, async () => {
      const preparing = join(folder, preparingName);
      const file = await disk.open(preparing, { create: true });
      this.#file = file;
      await file.write(bytes, 0);
      await file.sync();
      await disk.rename(preparing, this.path);
      await disk.syncFolder(folder);
    });
    this.#zeroed = bytes.length;
  }

  /** Writes a batch, and zeros further on when few are left and `ahead` says how. Durable after `sync`. */
  async write(bytes: Uint8Array, offset: number, ahead?: Ahead): Promise<void> {
    const end = offset + bytes.length;
    await attempt(this.path, 'writing', bytes.length, async () => {
      await Promise.all([this.file.write(bytes, offset), ahead && this.#zeroAhead(end, ahead)]);
    });
    this.written = Math.max(this.written, end);
  }

  sync(): Promise<void> {
    return attempt(this.path, 'syncing', this.written, () => this.file.sync());
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #zeroAhead(end: number, { segmentBytes, chunkBytes }: Ahead): Promise<void> {
    const from = Math.max(this.#zeroed, end);
    const to = Math.min(from + chunkBytes, segmentBytes);
    this.#zeroed = from;
    if (from - end >= chunkBytes / 2 || to <= from) return;
    this.#zeroed = to;
    await this.file.write(zeros(to - from), from);
  }
}

const headBytesAtFirst = 1024;
let zeroBytes = new Uint8Array(0);

/** The same zeros for all that only read them. */
export function zeros(length: number): Uint8Array {
  if (zeroBytes.length < length) zeroBytes = new Uint8Array(length);
  return zeroBytes.subarray(0, length);
}
