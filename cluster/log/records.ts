import { crc32c } from '@node-rs/crc32';
import type { Index } from '../numbers.js';
import { memberId, index as toIndex, term as toTerm } from '../numbers.js';
import type { EntryKind, HardState, SnapshotMark } from '../raft/types.js';
import { FieldReader, FieldWriter } from './fields.js';

// A segment file, all numbers little-endian:
//
//      0  magic (8), format version (u32), CRC32C of those twelve bytes
//     16  records, each at a multiple of 8:
//          +0  u32  CRC32C of the record from +4 to the end of its body, seeded with salt + offset
//          +4  u32  bytes of the body
//          +8  u32  offset at which the batch that the record was written with begins
//         +12  u8   kind of record
//         +13  u8   kind of entry
//         +14  u16  signature
//         +16  body, padded with zeros to a multiple of 8
//      …  zeros, written ahead of the records: fdatasync into written space is twice as fast as one that allocates
//
// The first record is the head; its CRC is the salt of those after it. So a record is one only in its own file at its own
// offset: bytes that are left over from elsewhere, or an entry's data that looks like a record, never count.

export const formatVersion = 1;
export const magic = Buffer.from('quorlog\n', 'latin1');
export const preambleBytes = 16;
export const recordHeaderBytes = 16;
export const recordSignature = 0x6c71;
/** An entry's body: index, term, data. */
export const entryFieldBytes = 16;

export const recordKinds = {
  head: 1,
  entry: 2,
  hardState: 3,
  mark: 4,
  /** The log was closed: all before it is durable. */
  closed: 5,
  /** The log goes on in the next segment. */
  continued: 6,
} as const;
export type RecordKind = (typeof recordKinds)[keyof typeof recordKinds];

const entryKinds: readonly EntryKind[] = ['command', 'empty', 'membership'];
export const entryKindNumber = (kind: EntryKind): number => entryKinds.indexOf(kind);
export const entryKindOf = (number: number): EntryKind | undefined => entryKinds[number];

export const padded = (bytes: number): number => (bytes + 7) & ~7;
/** What an entry with so much data takes in a segment. */
export const entryRecordBytes = (dataBytes: number): number => padded(recordHeaderBytes + entryFieldBytes + dataBytes);

export const hardStateRecordBytes = padded(recordHeaderBytes + 24);

/** `covered`: the record from its length to the end of its body. */
export const recordChecksum = (covered: Uint8Array, salt: number, offset: number): number =>
  crc32c(covered, (salt + offset) >>> 0);

/** What a segment repeats of the log, so that the ones before it can go. */
export interface Head {
  readonly sequence: number;
  /** Where the records of the segment before end; 0 when there is none. */
  readonly previousEnd: number;
  /** The segments before it no longer count (first segment, or a snapshot was installed). */
  readonly anew: boolean;
  /** The last index of the log when the segment was begun. */
  readonly last: Index;
  readonly identity: Uint8Array;
  readonly hardState: HardState;
  readonly mark: SnapshotMark;
}

const putHardState = (fields: FieldWriter, state: HardState): FieldWriter =>
  fields.number(state.term).id(state.vote).number(state.commit);

const takeHardState = (fields: FieldReader): HardState => ({
  term: toTerm(fields.number()),
  vote: memberId(fields.id()),
  commit: toIndex(fields.number()),
});

const putMark = (fields: FieldWriter, { index, term, membership }: SnapshotMark): FieldWriter =>
  fields.number(index).number(term).ids(membership.voters).ids(membership.outgoing).ids(membership.learners);

const takeMark = (fields: FieldReader): SnapshotMark => ({
  index: toIndex(fields.number()),
  term: toTerm(fields.number()),
  membership: {
    voters: fields.ids().map(memberId),
    outgoing: fields.ids().map(memberId),
    learners: fields.ids().map(memberId),
  },
});

export const encodeHardState = (state: HardState): Uint8Array => putHardState(new FieldWriter(), state).done();
export const decodeHardState = (body: Uint8Array): HardState => takeHardState(new FieldReader(body));
export const encodeMark = (mark: SnapshotMark): Uint8Array => putMark(new FieldWriter(), mark).done();
export const decodeMark = (body: Uint8Array): SnapshotMark => takeMark(new FieldReader(body));

export function encodeHead(head: Head): Uint8Array {
  const fields = new FieldWriter()
    .number(head.sequence)
    .number(head.previousEnd)
    .number(head.anew ? 1 : 0);
  fields.number(head.last).bytes(head.identity);
  return putMark(putHardState(fields, head.hardState), head.mark).done();
}

export function decodeHead(body: Uint8Array): Head {
  const fields = new FieldReader(body);
  return {
    sequence: fields.number(),
    previousEnd: fields.number(),
    anew: fields.number() === 1,
    last: toIndex(fields.number()),
    identity: fields.bytes(),
    hardState: takeHardState(fields),
    mark: takeMark(fields),
  };
}

export function encodePreamble(version: number = formatVersion): Uint8Array {
  const bytes = Buffer.alloc(preambleBytes);
  magic.copy(bytes);
  bytes.writeUInt32LE(version, 8);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 12)), 12);
  return bytes;
}
