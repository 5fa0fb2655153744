import { type LeaseId, leaseId, noLease, type Revision, revision } from '../numbers.js';

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

const flag = { dead: 1, lease: 2, before: 4, always: 128 };
const empty = new Uint8Array(0);
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

const headBytes = { mod: 1, create: 13, version: 21, depth: 29, root: 33, lease: 45, all: 53 };

export function encodeHead(head: Head): Buffer {
  const leased = head.lease !== noLease;
  const bytes = Buffer.allocUnsafe(leased ? headBytes.all : headBytes.lease);
  bytes[0] = flag.always | (head.live ? 0 : flag.dead) | (leased ? flag.lease : 0);
  writePlace(bytes, head.mod, headBytes.mod);
  writeNumber(bytes, head.create, headBytes.create);
  writeNumber(bytes, head.version, headBytes.version);
  bytes.writeUInt32BE(head.depth, headBytes.depth);
  writePlace(bytes, head.root, headBytes.root);
  if (leased) bytes.writeBigUInt64BE(BigInt.asUintN(64, head.lease), headBytes.lease);
  return bytes;
}

export const isLive = (head: Uint8Array): boolean => ((head[0] ?? 0) & flag.dead) === 0;

export function decodeHead(row: Uint8Array): Head {
  const bytes = asBuffer(row);
  return {
    live: isLive(bytes),
    ...decodeVersion(bytes),
    depth: bytes.readUInt32BE(headBytes.depth),
    root: readPlace(bytes, headBytes.root),
  };
}

/** The part of a head that most reads need. */
export function decodeVersion(row: Uint8Array): Version {
  const bytes = asBuffer(row);
  const leased = ((bytes[0] ?? 0) & flag.lease) !== 0;
  return {
    mod: readPlace(bytes, headBytes.mod),
    create: revision(readNumber(bytes, headBytes.create)),
    version: readNumber(bytes, headBytes.version),
    lease: leased ? leaseId(bytes.readBigUInt64BE(headBytes.lease)) : noLease,
  };
}

const recordBytes = { create: 1, version: 9, keyLength: 17, rest: 21, lease: 8, link: 28 };

export function encodeRecord(record: Record): Buffer {
  const { key, value, before, root } = record;
  const linked = before !== undefined && root !== undefined;
  const leased = record.lease !== noLease;
  const fixed = recordBytes.rest + (leased ? recordBytes.lease : 0) + (linked ? recordBytes.link : 0);
  const bytes = Buffer.allocUnsafe(fixed + key.length + value.length);
  bytes[0] = flag.always | (record.tombstone ? flag.dead : 0) | (leased ? flag.lease : 0) | (linked ? flag.before : 0);
  writeNumber(bytes, record.create, recordBytes.create);
  writeNumber(bytes, record.version, recordBytes.version);
  bytes.writeUInt32BE(key.length, recordBytes.keyLength);
  let at = recordBytes.rest;
  if (leased) at = bytes.writeBigUInt64BE(BigInt.asUintN(64, record.lease), at);
  if (linked) {
    writePlace(bytes, before, at);
    bytes.writeUInt32BE(record.depth, at + placeBytes);
    writePlace(bytes, root, at + placeBytes + 4);
    at += recordBytes.link;
  }
  bytes.set(key, at);
  bytes.set(value, at + key.length);
  return bytes;
}

/** Key and value are views of `row`. */
export function decodeRecord(row: Uint8Array): Record {
  const bytes = asBuffer(row);
  const flags = bytes[0] ?? 0;
  const linked = (flags & flag.before) !== 0;
  const leased = (flags & flag.lease) !== 0;
  const linkAt = recordBytes.rest + (leased ? recordBytes.lease : 0);
  const keyAt = linkAt + (linked ? recordBytes.link : 0);
  const valueAt = keyAt + bytes.readUInt32BE(recordBytes.keyLength);
  return {
    tombstone: (flags & flag.dead) !== 0,
    key: bytes.subarray(keyAt, valueAt),
    value: bytes.subarray(valueAt),
    create: revision(readNumber(bytes, recordBytes.create)),
    version: readNumber(bytes, recordBytes.version),
    lease: leased ? leaseId(bytes.readBigUInt64BE(recordBytes.rest)) : noLease,
    before: linked ? readPlace(bytes, linkAt) : undefined,
    depth: linked ? bytes.readUInt32BE(linkAt + placeBytes) : 0,
    root: linked ? readPlace(bytes, linkAt + placeBytes + 4) : undefined,
  };
}

/** A record's value alone, as a view of `row`. */
export function valueOfRecord(row: Uint8Array): Uint8Array {
  const bytes = asBuffer(row);
  const flags = bytes[0] ?? 0;
  const fixed =
    recordBytes.rest + (flags & flag.lease ? recordBytes.lease : 0) + (flags & flag.before ? recordBytes.link : 0);
  return bytes.subarray(fixed + bytes.readUInt32BE(recordBytes.keyLength));
}

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
