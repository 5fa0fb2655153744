import { type LeaseId, leaseId, noLease, type Revision, revision } from '../numbers.js';
import { NumberReader, numberBytesMax, putNumber } from './numbers.js';

// Two kinds of rows. A *record* is one change of one key, written once under its revision and never changed:
//
//     revisions   9,0 -> {key: /a, value: 1, create: 9, version: 1}
//                 10,0 -> {key: /a, value: 2, create: 9, version: 2, before: 9,0}
//                 11,0 -> {key: /a, tombstone, before: 10,0}
//
// A *head* is what a key has come to, under the key itself: where its latest record is, and all of it but the value.
// Records of a key form a chain from the head back; `depth` counts its links and `root` (the first record) names it.

/** The place of a change: the store's revision, and the change's number within it (a txn makes several). */
export interface Place {
  readonly main: Revision;
  readonly sub: number;
}

export interface Link {
  /** How many records the chain has before this one. */
  readonly depth: number;
  readonly root: Place;
}

/** A key as of some revision, all but its value. */
export interface Version {
  readonly mod: Place;
  readonly create: Revision;
  readonly version: number;
  readonly lease: LeaseId;
}

export interface Head extends Link, Version {
  /** False: the latest record is a tombstone; create, version and lease are 0. */
  readonly live: boolean;
}

export interface Record {
  readonly tombstone: boolean;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly create: Revision;
  readonly version: number;
  readonly lease: LeaseId;
  /** The key's record before this one. */
  readonly before: Place | undefined;
  /** `root` is undefined in the first record of a chain: that one is the root. */
  readonly depth: number;
  readonly root: Place | undefined;
}

/** `first`: the key is new with this change, and the chain begins with it. */
const flag = { dead: 1, lease: 2, before: 4, first: 8, always: 128 };
const empty = new Uint8Array(0);
const leaseBytes = 8;
export const placeBytes = 12;

export function placeKey({ main, sub }: Place): Buffer {
  const key = Buffer.allocUnsafe(placeBytes);
  writePlace(key, { main, sub }, 0);
  return key;
}

export function readPlace(bytes: Uint8Array, at = 0): Place {
  const view = asBuffer(bytes);
  return { main: revision(readNumber(view, at)), sub: view.readUInt32BE(at + 8) };
}

// head: flags, mod, [changes since create, version, depth, root as revisions before mod and number], [lease]

const headBytesMax = 1 + 7 * numberBytesMax + leaseBytes;

export function encodeHead(head: Head): Buffer {
  const { mod, create, version, depth, root, lease } = head;
  const leased = lease !== noLease;
  const first = head.live && version === 1 && depth === 0 && create === mod.main && samePlace(root, mod);
  const bytes = Buffer.allocUnsafe(headBytesMax);
  bytes[0] = flag.always | (head.live ? 0 : flag.dead) | (leased ? flag.lease : 0) | (first ? flag.first : 0);
  let at = putPlace(bytes, mod, 1);
  if (!first) {
    at = putNumber(bytes, mod.main - create, at);
    at = putNumber(bytes, version, at);
    at = putNumber(bytes, depth, at);
    at = putNumber(bytes, mod.main - root.main, at);
    at = putNumber(bytes, root.sub, at);
  }
  if (leased) at = bytes.writeBigUInt64BE(BigInt.asUintN(64, lease), at);
  return bytes.subarray(0, at);
}

export const isLive = (head: Uint8Array): boolean => ((head[0] ?? 0) & flag.dead) === 0;

export function decodeHead(row: Uint8Array): Head {
  const fields = new NumberReader(row, 1);
  const mod = takePlace(fields);
  const live = isLive(row);
  if (isFirst(row))
    return { live, mod, create: mod.main, version: 1, depth: 0, root: mod, lease: leaseOf(row, fields.at) };
  const create = revision(mod.main - fields.next());
  const version = fields.next();
  const depth = fields.next();
  const root = { main: revision(mod.main - fields.next()), sub: fields.next() };
  return { live, mod, create, version, depth, root, lease: leaseOf(row, fields.at) };
}

/** The part of a head that most reads need. */
export function decodeVersion(row: Uint8Array): Version {
  const fields = new NumberReader(row, 1);
  const mod = takePlace(fields);
  if (isFirst(row)) return { mod, create: mod.main, version: 1, lease: leaseOf(row, fields.at) };
  const create = revision(mod.main - fields.next());
  const version = fields.next();
  fields.skip(3);
  return { mod, create, version, lease: leaseOf(row, fields.at) };
}

const isFirst = (row: Uint8Array): boolean => ((row[0] ?? 0) & flag.first) !== 0;

const leaseOf = (row: Uint8Array, at: number): LeaseId =>
  ((row[0] ?? 0) & flag.lease) === 0 ? noLease : leaseId(asBuffer(row).readBigUInt64BE(at));

// record: flags, create, version, length of the key, [before, depth, root], [lease], key, value

const fieldsBytesMax = 1 + 8 * numberBytesMax + leaseBytes;

export function encodeRecord(record: Record): Buffer {
  const { key, value, before, root, lease } = record;
  const linked = before !== undefined && root !== undefined;
  const leased = lease !== noLease;
  const bytes = Buffer.allocUnsafe(fieldsBytesMax + key.length + value.length);
  bytes[0] = flag.always | (record.tombstone ? flag.dead : 0) | (leased ? flag.lease : 0) | (linked ? flag.before : 0);
  let at = putNumber(bytes, record.create, 1);
  at = putNumber(bytes, record.version, at);
  at = putNumber(bytes, key.length, at);
  if (linked) {
    at = putPlace(bytes, before, at);
    at = putNumber(bytes, record.depth, at);
    at = putPlace(bytes, root, at);
  }
  if (leased) at = bytes.writeBigUInt64BE(BigInt.asUintN(64, lease), at);
  bytes.set(key, at);
  bytes.set(value, at + key.length);
  return bytes.subarray(0, at + key.length + value.length);
}

/** Key and value are views of `row`. */
export function decodeRecord(row: Uint8Array): Record {
  const bytes = asBuffer(row);
  const fields = new NumberReader(row, 1);
  const create = revision(fields.next());
  const version = fields.next();
  const keyLength = fields.next();
  const linked = isLinked(row);
  const before = linked ? takePlace(fields) : undefined;
  const depth = linked ? fields.next() : 0;
  const root = linked ? takePlace(fields) : undefined;
  const lease = leaseOf(row, fields.at);
  const keyAt = fields.at + (lease === noLease ? 0 : leaseBytes);
  return {
    tombstone: !isLive(row),
    key: bytes.subarray(keyAt, keyAt + keyLength),
    value: bytes.subarray(keyAt + keyLength),
    create,
    version,
    lease,
    before,
    depth,
    root,
  };
}

/** A record's value alone, as a view of `row`. */
export function valueOfRecord(row: Uint8Array): Uint8Array {
  const fields = new NumberReader(row, 1);
  fields.skip(2);
  const keyLength = fields.next();
  if (isLinked(row)) fields.skip(5);
  return row.subarray(fields.at + (((row[0] ?? 0) & flag.lease) === 0 ? 0 : leaseBytes) + keyLength);
}

const isLinked = (row: Uint8Array): boolean => ((row[0] ?? 0) & flag.before) !== 0;

const putPlace = (bytes: Uint8Array, { main, sub }: Place, at: number): number =>
  putNumber(bytes, sub, putNumber(bytes, main, at));

const takePlace = (fields: NumberReader): Place => ({ main: revision(fields.next()), sub: fields.next() });

const samePlace = (a: Place, b: Place): boolean => a.main === b.main && a.sub === b.sub;

export const tombstone = (key: Uint8Array, before: Place, link: Link): Record => ({
  tombstone: true,
  key,
  value: empty,
  create: revision(0),
  version: 0,
  lease: noLease,
  before,
  ...link,
});

const two32 = 2 ** 32;

export function writeNumber(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / two32), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}

export const readNumber = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * two32 + bytes.readUInt32BE(at + 4);

function writePlace(bytes: Buffer, { main, sub }: Place, at: number): void {
  writeNumber(bytes, main, at);
  bytes.writeUInt32BE(sub, at + 8);
}

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
