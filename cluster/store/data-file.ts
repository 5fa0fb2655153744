import { closeSync, existsSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { open as openFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { open, type RootDatabase, type Transaction } from 'lmdb';
import { type Index, index } from '../numbers.js';
import { damaged, storeError } from './failures.js';
import type { Rows } from './layered-table.js';

// The one file of the state, in LMDB's format. LMDB maps it into memory and trusts it: what is no LMDB file, or ends
// too early, takes the process down (SIGSEGV, SIGBUS). So it is looked at before LMDB sees it.

export type Root = RootDatabase<Buffer, Uint8Array>;

/** Copies bytes out of a buffer that LMDB uses again: into Node's pool, where LMDB's own copies are an ArrayBuffer each. */
function pooled(bytes: Uint8Array, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafe(to - from);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from));
  return copy;
}

const binary = {
  encoder: {
    encode: (value: Buffer): Buffer => value,
    decode: (bytes: Buffer): Buffer => pooled(bytes, 0, bytes.length),
  },
  keyEncoder: {
    writeKey(key: Uint8Array, target: Buffer, start: number): number {
      target.set(key, start);
      return start + key.length;
    },
    readKey: (target: Buffer, start: number, end: number): Buffer => pooled(target, start, end),
  },
};
const backendTable = 'backend';
const appliedKey = Buffer.from('appliedIndex');
const appliedBytes = { format: 8, all: 12 };
/** How records.ts and the other rooms write their rows; 0 was before the first release. */
const rowFormat = 1;

/** lmdb.h and mdb.c of LMDB 0.9.90: two meta pages at the start of the file, the one with the higher transaction counts. */
const meta = { magic: 0xbeefc0de, version: 2, headerBytes: 24, pageSizeAt: 24, lastPageAt: 120, transactionAt: 128 };
const metaBytes = meta.headerBytes + meta.transactionAt + 8;
const tablesMax = 64;

/**
 * Of address space, not of memory; more is mapped when the file needs it. LMDB keeps every map that it has outgrown until the
 * file is closed, and with it a second copy of the pages that were read through it, as far as a process's memory is counted.
 */
const mapBytes = 16 * 1024 ** 3;

export function openRoot(path: string, options: { readonly readOnly?: boolean; readonly lax?: boolean } = {}): Root {
  const padded = checkFile(path, options.readOnly ?? false);
  try {
    const root: Root = open<Buffer, Uint8Array>({
      path,
      noSubdir: true,
      maxDbs: tablesMax,
      mapSize: mapBytes,
      // A commit is over when it is on the disk. The default overlaps commits with syncs and trusts a boot id instead.
      overlappingSync: false,
      // Only what is written inside batch() belongs together; else a failed commit also rejects a promise nobody holds.
      eventTurnBatching: false,
      ...(options.lax ? { noSync: true } : {}),
      ...(options.readOnly ? { readOnly: true } : {}),
      ...{ permissionsMode: 0o600 },
      ...binary,
    });
    if (padded) walk(root, path);
    if (!options.readOnly) beginFreeList(root);
    return root;
  } catch (error) {
    throw storeError(error, path, 0);
  }
}

/**
 * A compact copy knows of no free pages. Its first commit, if that frees many, takes its own unfinished list of them for one that
 * it can use, and the process ends (lmdb 3.5.6: an assertion, or SIGSEGV). After a commit that frees few there always is a list.
 */
function beginFreeList(root: Root): void {
  const { free } = root.getStats() as { readonly free: { readonly entryCount: number } };
  if (free.entryCount > 0) return;
  const rows = openBackendRows(root);
  const row = rows.get(appliedKey);
  if (row !== undefined) rows.putSync(appliedKey, row);
}

export const openRows = (root: Root, name: string): Rows => root.openDB<Buffer, Uint8Array>({ name, ...binary });

/** The names of the tables in the file. lmdb-js stores them as C strings, with the zero at the end. */
export const tableNames = (root: Root): string[] =>
  [...root.getKeys()]
    .map((key) => Buffer.from(key).toString('latin1').replace(/\0$/, ''))
    .filter((name) => name !== backendTable);

interface Pages {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** Bytes of the pages that hold a table's rows. */
export function bytesOf(rows: Rows): number {
  const pages = rows.getStats() as Pages;
  return (pages.treeBranchPageCount + pages.treeLeafPageCount + pages.overflowPages) * pages.pageSize;
}

/** Bytes of all pages that were ever used, those that are free again included. */
export function bytesOfFile(root: Root): number {
  const { lastPageNumber, pageSize } = root.getStats() as { lastPageNumber: number; pageSize: number };
  return (lastPageNumber + 1) * pageSize;
}

export const openBackendRows = (root: Root): Rows => openRows(root, backendTable);

export const readApplied = (rows: Rows, options?: { readonly transaction: Transaction }): Index =>
  index(Number(rows.get(appliedKey, options)?.readBigUInt64BE() ?? 0n));

/** The row says as well how those of all other tables are written. */
export function writeApplied(rows: Rows, applied: Index): void {
  const value = Buffer.alloc(appliedBytes.all);
  value.writeBigUInt64BE(BigInt(applied));
  value.writeUInt32BE(rowFormat, appliedBytes.format);
  rows.put(appliedKey, value);
}

/** Throws `store-damaged` for rows that another version has written otherwise. */
export function checkFormat(rows: Rows, path: string): void {
  const row = rows.get(appliedKey);
  if (row === undefined) return;
  const found = row.length < appliedBytes.all ? 0 : row.readUInt32BE(appliedBytes.format);
  if (found !== rowFormat) throw damaged(path, `its rows have format ${found}, and this version reads ${rowFormat}`);
}

/** The applied index of a closed file. Throws `store-damaged`. */
export async function inspectFile(path: string): Promise<Index> {
  if (!existsSync(path)) throw damaged(path, 'it does not exist');
  const root = openRoot(path, { readOnly: true });
  try {
    const rows = openBackendRows(root);
    checkFormat(rows, path);
    return readApplied(rows);
  } finally {
    await root.close();
    await rm(`${path}-lock`, { force: true });
  }
}

/** The file, if it is there, and LMDB's lock file beside it. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}-lock`, { force: true });
}

export async function syncPath(path: string): Promise<void> {
  const file = await openFile(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export const syncFolderOf = (path: string): Promise<void> => syncPath(dirname(path));

/** A short file is filled up with zeros so that it can be looked at; says whether it was. */
function checkFile(path: string, readOnly: boolean): boolean {
  const size = existsSync(path) ? statSync(path).size : 0;
  if (size === 0) return false;
  const pageSize = readMeta(path, 0).pageSize;
  const metas = [readMeta(path, 0), readMeta(path, pageSize)];
  const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
  const needed = (newest.lastPage + 1) * pageSize;
  if (size >= needed) return false;
  if (readOnly) throw damaged(path, `it has ${size} bytes, ${needed} belong to it`);
  truncateSync(path, needed);
  return true;
}

function readMeta(path: string, at: number): { pageSize: number; lastPage: number; transaction: number } {
  const page = Buffer.alloc(metaBytes);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, page, 0, metaBytes, at) < metaBytes) throw damaged(path, 'it ends inside its first pages');
  } finally {
    closeSync(file);
  }
  const body = page.subarray(meta.headerBytes);
  const [magic, version] = [body.readUInt32LE(0), body.readUInt16LE(4)];
  if (magic !== meta.magic || version !== meta.version) throw damaged(path, 'it is not an LMDB file of this version');
  const pageSize = body.readUInt32LE(meta.pageSizeAt);
  const known = pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0;
  if (!known) throw damaged(path, `a page size of ${pageSize} bytes`);
  const number = (offset: number): number => Number(body.readBigUInt64LE(offset));
  return { pageSize, lastPage: number(meta.lastPageAt), transaction: number(meta.transactionAt) };
}

/** LMDB may leave free pages at the end unwritten, so a short file can be whole. Whether it is shows when all is read. */
function walk(root: Root, path: string): void {
  try {
    for (const name of [backendTable, ...tableNames(root)]) {
      for (const { value } of openRows(root, name).getRange())
        if (value === undefined) throw new Error('a row is missing');
    }
  } catch (error) {
    void root.close();
    throw damaged(path, 'its end is missing', error);
  }
}
