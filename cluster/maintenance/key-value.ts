import { leaseId, noLease, revision } from '../numbers.js';
import type { Change } from '../store/index.js';
import { mvccpb } from '../wire/generated/messages.js';
import { toCount, toId } from '../wire/long.js';

// A change as etcd keeps it in its bucket `key`:
//
//     key     revision u64 · '_' · number of the change in it u64 · 't' if it is a deletion; all big-endian
//     value   mvccpb.KeyValue: key 1, create_revision 2, mod_revision 3, version 4, value 5, lease 6; of a deletion the key
//
// Written by hand: a snapshot has a million of them, and a hash over them must be etcd's to the bit.

type Record = Change['record'];
type Place = Change['place'];

const separator = 0x5f;
const tombstoneMark = 0x74;
const revisionBytes = 17;
const two32 = 2 ** 32;

export function encodeRevision({ main, sub }: Place, tombstone: boolean): Buffer {
  const key = Buffer.allocUnsafe(tombstone ? revisionBytes + 1 : revisionBytes);
  writeNumber(key, main, 0);
  key[8] = separator;
  writeNumber(key, sub, 9);
  if (tombstone) key[revisionBytes] = tombstoneMark;
  return key;
}

/** Undefined: it is no such key. */
export function decodeRevision(key: Uint8Array): { readonly place: Place; readonly tombstone: boolean } | undefined {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const tombstone = bytes.length === revisionBytes + 1 && bytes[revisionBytes] === tombstoneMark;
  if ((bytes.length !== revisionBytes && !tombstone) || bytes[8] !== separator) return undefined;
  const [main, sub] = [Number(bytes.readBigUInt64BE(0)), Number(bytes.readBigUInt64BE(9))];
  // Ours are counted in 32 bits within a revision: a transaction has far fewer changes.
  if (!Number.isSafeInteger(main) || sub >= two32 - 1) return undefined;
  return { place: { main: revision(main), sub }, tombstone };
}

const tags = { key: 0x0a, create: 0x10, mod: 0x18, version: 0x20, value: 0x2a, lease: 0x30 };

export function encodeKeyValue({ key, value, create, version, lease, tombstone }: Record, { main }: Place): Buffer {
  if (tombstone) return encodeFields(key, [], noBytes, 0n);
  const numbers = [
    [tags.create, create],
    [tags.mod, main],
    [tags.version, version],
  ] as const;
  return encodeFields(key, numbers, value, BigInt.asUintN(64, lease));
}

/** Key and value are views of the bytes. @throws Error when they are no such message */
export function decodeKeyValue(bytes: Uint8Array): Pick<Record, 'key' | 'value' | 'create' | 'version' | 'lease'> {
  const message = mvccpb.KeyValue.decode(bytes);
  return {
    key: message.key,
    value: message.value,
    create: revision(toCount(message.createRevision)),
    version: toCount(message.version),
    lease: leaseId(toId(message.lease)),
  };
}

const noBytes = new Uint8Array();

/** What is 0 or empty is left out, as etcd leaves it out. */
function encodeFields(
  key: Uint8Array,
  numbers: readonly (readonly [tag: number, value: number])[],
  value: Uint8Array,
  lease: bigint,
): Buffer {
  let size = lengthOf(key) + lengthOf(value) + (lease === noLease ? 0 : 1 + wideVarintBytes(lease));
  for (const [, number] of numbers) if (number > 0) size += 1 + varintBytes(number);
  const bytes = Buffer.allocUnsafe(size);
  let at = writeBytes(bytes, tags.key, key, 0);
  for (const [tag, number] of numbers) if (number > 0) at = writeVarint(bytes, number, writeTag(bytes, tag, at));
  at = writeBytes(bytes, tags.value, value, at);
  if (lease !== noLease) writeWideVarint(bytes, lease, writeTag(bytes, tags.lease, at));
  return bytes;
}

const lengthOf = ({ length }: Uint8Array): number => (length === 0 ? 0 : 1 + varintBytes(length) + length);

function writeTag(bytes: Buffer, tag: number, at: number): number {
  bytes[at] = tag;
  return at + 1;
}

function writeBytes(bytes: Buffer, tag: number, field: Uint8Array, at: number): number {
  if (field.length === 0) return at;
  const start = writeVarint(bytes, field.length, writeTag(bytes, tag, at));
  bytes.set(field, start);
  return start + field.length;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest /= 128) bytes += 1;
  return bytes;
}

function writeVarint(bytes: Buffer, value: number, at: number): number {
  let place = at;
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[place++] = (rest % 128) | 128;
  bytes[place++] = rest;
  return place;
}

function wideVarintBytes(value: bigint): number {
  let bytes = 1;
  for (let rest = value; rest >= 128n; rest >>= 7n) bytes += 1;
  return bytes;
}

function writeWideVarint(bytes: Buffer, value: bigint, at: number): void {
  let place = at;
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes[place++] = Number(rest & 127n) | 128;
  bytes[place] = Number(rest);
}

function writeNumber(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / two32), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}
