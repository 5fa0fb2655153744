// A look at the ledger's file before LMDB maps it into memory and trusts it.
import { readPart, sizeOf } from './files.js';
import { ledgerDamaged } from './ledger-entry.js';

/** lmdb.h and mdb.c of LMDB 0.9.90: two meta pages at the start of the file, the one with the higher transaction counts. */
const meta = { magic: 0xbeefc0de, version: 2, headerBytes: 24, pageSizeAt: 24, lastPageAt: 120, transactionAt: 128 };
const metaBytes = meta.headerBytes + meta.transactionAt + 8;

/**
 * LMDB leaves pages unwritten that are free again before their transaction ends, so a file that is too short can be whole: filled
 * up with zeros it can be looked at. Appending is safe beside another process's commit, which cutting to a size would not be.
 *
 * @returns how much is missing; nothing where it is not above 0
 * @throws PkiError `ledger-damaged`
 */
export async function missingBytes(path: string): Promise<number> {
  const size = (await sizeOf(path)) ?? 0;
  const first = await readMeta(path, 0);
  const metas = [first, await readMeta(path, first.pageSize)];
  const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
  return (newest.lastPage + 1) * newest.pageSize - size;
}

async function readMeta(path: string, at: number) {
  const page = await readPart(path, at, metaBytes);
  if (page.length < metaBytes) throw ledgerDamaged(path, 'it ends inside its first pages');
  const body = page.subarray(meta.headerBytes);
  if (body.readUInt32LE(0) !== meta.magic || body.readUInt16LE(4) !== meta.version)
    throw ledgerDamaged(path, 'it is not an LMDB file of this version');
  const pageSize = body.readUInt32LE(meta.pageSizeAt);
  const known = pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0;
  if (!known) throw ledgerDamaged(path, `a page size of ${pageSize} bytes`);
  const number = (offset: number): number => Number(body.readBigUInt64LE(offset));
  return { pageSize, lastPage: number(meta.lastPageAt), transaction: number(meta.transactionAt) };
}
