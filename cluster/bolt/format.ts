import { ClusterError } from '../errors.js';

// bbolt's file: pages of one size, each with a header, all numbers little-endian. Pages 0 and 1 are the metas, of which
// the valid one with the higher transaction counts; a page that needs more room goes on over the pages after it.
//
//     page     id u64 · kind u16 · count u16 · overflow u32 (how many pages follow that belong to it)
//     leaf     count x [flags u32 · position u32 · key bytes u32 · value bytes u32], then keys and values
//     branch   count x [position u32 · key bytes u32 · page u64], then keys; each the first of the page below
//     bucket   the value of a leaf's row that is flagged: root page u64 · sequence u64, and where the root is 0
//              the bucket's only page itself (inline)
//
// Positions count from the element that holds them.

export const pageHeaderBytes = 16;
export const elementBytes = 16;
export const bucketHeaderBytes = 16;
export const defaultPageBytes = 4096;

export const pageKinds = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
/** Of a leaf's row: its value is a bucket. */
export const bucketFlag = 0x01;

const magic = 0xed0cdaed;
const version = 2;
const at = {
  magic: 0,
  version: 4,
  pageBytes: 8,
  flags: 12,
  root: 16,
  sequence: 24,
  freelist: 32,
  pages: 40,
  transaction: 48,
  checksum: 56,
};
export const metaBytes = 64;

export interface Meta {
  readonly pageBytes: number;
  /** The page that the tree of buckets starts at. */
  readonly root: number;
  readonly freelist: number;
  /** How many pages there are, free ones and metas included. */
  readonly pages: number;
  readonly transaction: number;
}

/** A key and its value. */
export type Row = readonly [key: Uint8Array, value: Uint8Array];

export interface PageHeader {
  readonly id: number;
  readonly kind: number;
  readonly count: number;
  readonly overflow: number;
}

export function writePageHeader(page: Buffer, { id, kind, count, overflow }: PageHeader): void {
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(kind, 8);
  page.writeUInt16LE(count, 10);
  page.writeUInt32LE(overflow, 12);
}

export const readPageHeader = (page: Buffer): PageHeader => ({
  id: readId(page, 0),
  kind: page.readUInt16LE(8),
  count: page.readUInt16LE(10),
  overflow: page.readUInt32LE(12),
});

/** A page's number, or another count of 64 bits; what JavaScript can't count to is in no file, so it becomes that limit. */
export function readId(bytes: Buffer, position: number): number {
  const id = bytes.readBigUInt64LE(position);
  return id > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(id);
}

/** The meta page that the transaction's number picks, whole. */
export function encodeMetaPage(meta: Meta): Buffer {
  const page = Buffer.alloc(meta.pageBytes);
  writePageHeader(page, { id: meta.transaction % 2, kind: pageKinds.meta, count: 0, overflow: 0 });
  const body = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
  body.writeUInt32LE(magic, at.magic);
  body.writeUInt32LE(version, at.version);
  body.writeUInt32LE(meta.pageBytes, at.pageBytes);
  body.writeBigUInt64LE(BigInt(meta.root), at.root);
  body.writeBigUInt64LE(BigInt(meta.freelist), at.freelist);
  body.writeBigUInt64LE(BigInt(meta.pages), at.pages);
  body.writeBigUInt64LE(BigInt(meta.transaction), at.transaction);
  body.writeBigUInt64LE(checksumOf(body), at.checksum);
  return page;
}

/** Undefined: these bytes, from a page's start on, are no sound meta page. */
export function decodeMetaPage(page: Buffer): Meta | undefined {
  if (page.length < pageHeaderBytes + metaBytes) return undefined;
  const body = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
  if (body.readUInt32LE(at.magic) !== magic || body.readUInt32LE(at.version) !== version) return undefined;
  if (body.readBigUInt64LE(at.checksum) !== checksumOf(body)) return undefined;
  return {
    pageBytes: body.readUInt32LE(at.pageBytes),
    root: readId(body, at.root),
    freelist: readId(body, at.freelist),
    pages: readId(body, at.pages),
    transaction: readId(body, at.transaction),
  };
}

/** FNV-1a, 64 bits, of all that stands before the checksum. */
function checksumOf(body: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of body.subarray(0, at.checksum)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

export const damaged = (path: string, what: string): ClusterError =>
  new ClusterError(
    'snapshot-damaged',
    `${path} is no sound snapshot: ${what}`,
    { path },
    { hint: 'take another copy of it, or a snapshot anew: quorate snapshot save' },
  );
