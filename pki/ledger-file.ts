// The ledger's file, in LMDB's format. LMDB maps it into memory and trusts it: what is no LMDB file, or ends too early, would take
// the process down. So it is looked at before LMDB sees it.
import type { Database, Key, RootDatabase } from 'lmdb';
import { PkiError } from './errors.js';
import { appendZeros, checkRoom, identityOf, privateMode, realPath, sizeOf, writeNew } from './files.js';
import { missingBytes } from './ledger-check.js';
import { ledgerDamaged } from './ledger-entry.js';
import { orLedgerError } from './ledger-errors.js';
import { pagesEach, Room } from './ledger-room.js';

export type Rows = Database<Buffer, Key>;
export type Texts = Database<unknown, Key>;

/** The tables of an open ledger. */
export interface LedgerTables {
  readonly path: string;
  readonly root: RootDatabase;
  /** serial -> ledger-entry's row; in the order of issue, as serials begin with the time. */
  readonly entries: Rows;
  /** [subject, serial] */
  readonly subjects: Rows;
  /** [profile, notAfter in ms, serial] */
  readonly profiles: Rows;
  /** serial -> Reservation without its serial */
  readonly reserved: Texts;
  /** serial -> RevocationEntry */
  readonly revoked: Texts;
  /** `format`, `list` */
  readonly about: Texts;
  readonly room: Room;
}

/** Of address space, not of memory; LMDB maps more when the file needs it. */
const mapBytes = 4 * 1024 ** 3;
const tablesMax = 16;
/** In `reserved` from the beginning: a table that is emptied and filled again leaves pages of the file unwritten. */
export const neverReserved = '-';
/** How rows are written. */
const format = 1;

/** LMDB's lock file for 126 readers has 8,272 bytes. */
const lockBytes = 3 * 4096;
const lockOf = (path: string): string => `${path}-lock`;

/** Open here, by their files: LMDB is told of each once. */
const shared = new Map<string, { readonly tables: LedgerTables; users: number }>();
let opening: Promise<unknown> = Promise.resolve();

/**
 * Opens the ledger that is there; with `create` makes one if there is none.
 * @throws PkiError `ledger-damaged`, `file-missing`, or what the disk says
 */
export function openTables(place: string, create: boolean): Promise<LedgerTables> {
  const opened = opening.then(() => openShared(place, create));
  opening = opened.catch(() => {});
  return opened;
}

/** Whoever has opened it closes it once. */
export async function closeTables(tables: LedgerTables): Promise<void> {
  const [id, use] = [...shared].find(([, each]) => each.tables === tables) ?? [];
  if (id === undefined || use === undefined) return;
  use.users -= 1;
  if (use.users > 0) return;
  shared.delete(id);
  await tables.root.close();
}

async function openShared(place: string, create: boolean): Promise<LedgerTables> {
  const known = shared.get((await identityOf(place)) ?? '');
  if (known !== undefined) {
    known.users += 1;
    return known.tables;
  }
  // A lock beside a symbolic link would not keep out who comes by the file's own name.
  const path = create ? place : await realPath(place);
  const tables = await openFile(path, create);
  shared.set((await identityOf(path)) ?? path, { tables, users: 1 });
  return tables;
}

/** More than a new ledger has, with room to begin with. */
const beginningBytes = 512 * 1024;

async function openFile(path: string, create: boolean): Promise<LedgerTables> {
  const begins = create && ((await sizeOf(path)) ?? 0) === 0;
  if (begins) await checkRoom(path, beginningBytes);
  const short = begins ? 0 : await missingBytes(path);
  if (short > 0) await appendZeros(path, short);
  await placeLock(path);
  const { open } = await import('lmdb');
  const root = await orLedgerError('open', path, async () =>
    open({
      path,
      ...{ noSubdir: true, maxDbs: tablesMax, mapSize: mapBytes, permissionsMode: privateMode },
      // A commit is over when it is on the disk; the default overlaps commits with syncs.
      ...{ overlappingSync: false, eventTurnBatching: false },
    }),
  );
  try {
    const room = new Room(path, root);
    // To look something up takes none.
    if (create) await room.make(pagesEach);
    return await orLedgerError(create ? 'write' : 'read', path, () =>
      readTables({ path, root, room }, create, short > 0),
    );
  } catch (error) {
    await root.close();
    throw error;
  }
}

type LedgerFile = Pick<LedgerTables, 'path' | 'root' | 'room'>;

async function readTables(file: LedgerFile, create: boolean, filledUp: boolean): Promise<LedgerTables> {
  const { path, root } = file;
  // Readers that were killed would keep pages from being used again.
  root.readerCheck();
  const rows = (name: string): Rows => root.openDB<Buffer, Key>(name, { encoding: 'binary' });
  const texts = (name: string): Texts => root.openDB<unknown, Key>(name, { encoding: 'json' });
  const tables = {
    ...{ ...file, entries: rows('entries'), subjects: rows('subjects'), profiles: rows('profiles') },
    ...{ reserved: texts('reserved'), revoked: texts('revoked'), about: texts('about') },
  };
  if (create) {
    await root.transaction(() => {
      if (tables.about.doesExist('format')) return;
      tables.about.put('format', format);
      tables.reserved.put(neverReserved, {});
    });
  }
  const found = tables.about.get('format');
  if (found !== format)
    throw ledgerDamaged(path, `its rows have the format ${found}, and this version reads ${format}`);
  if (filledUp) walk(tables);
  return tables;
}

/**
 * LMDB makes its lock file as large as it is to be and writes to it in memory: on a full disk that ends the process.
 * One that is there in full can be written to.
 */
async function placeLock(path: string): Promise<void> {
  if ((await sizeOf(lockOf(path))) !== undefined) return;
  try {
    await writeNew(lockOf(path), Buffer.alloc(lockBytes), privateMode);
  } catch (error) {
    if (!(error instanceof PkiError && error.code === 'file-exists')) throw error;
  }
}

/** Whether a file that was too short is whole shows when all of it is read. */
function walk({ path, root, about, entries, subjects, profiles, reserved, revoked }: LedgerTables): void {
  try {
    for (const table of [root, about, entries, subjects, profiles, reserved, revoked]) {
      const { entryCount } = table.getStats() as { entryCount: number };
      let found = 0;
      for (const _ of table.getKeys()) found += 1;
      if (found !== entryCount) throw new Error(`${found} of ${entryCount} rows`);
    }
  } catch (cause) {
    throw ledgerDamaged(path, 'its end is missing', cause);
  }
}
