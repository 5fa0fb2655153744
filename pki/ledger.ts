// The ledger: every certificate that the authority signed and every serial that it took, durable before the certificate is handed
// out. Several processes may have it open at once.
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { authorityFiles } from './authority-folder.js';
import { PkiError } from './errors.js';
import { derOf, encodeEntry, type LedgerEntry, type Reservation, type RevocationEntry } from './ledger-entry.js';
import { orLedgerError } from './ledger-errors.js';
import { closeTables, type LedgerTables, neverReserved, openTables } from './ledger-file.js';
import { entryOf, type LedgerQuery, select } from './ledger-query.js';
import {
  beginList,
  endList,
  type ListOptions,
  type ListState,
  listStateOf,
  type NextList,
  putListState,
  revokeAll,
} from './ledger-revocations.js';
import { pagesEach } from './ledger-room.js';
import { readOldLedger, setOldLedgerAside } from './ledger-takeover.js';
import { toPem } from './pem.js';
import type { RevocationReason } from './revocation-reasons.js';
import { newSerial } from './serial.js';
import { SerialPool } from './serial-pool.js';
import type { Updates } from './signing/revocation-list.js';

/** From how many on that are being signed who is done waits for others, and how long. */
const crowd = 4;
const roundMs = 4;
const empty = Buffer.alloc(0);

/** What a ledger begins with: the authority itself, and how long its first revocation list holds. */
export interface Beginning {
  readonly entries: readonly { readonly entry: LedgerEntry; readonly der: Uint8Array }[];
  readonly updates: Updates;
}

export interface LedgerOptions {
  /** Makes serials; for tests. */
  readonly serial?: (now: Date) => string;
}

/** Whoever runs this, by the name that the operating system has. */
export function operator(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

export class Ledger {
  readonly #tables: LedgerTables;
  readonly #by = operator();
  readonly #pool: SerialPool;
  /** Reserved, and not recorded yet. */
  #signing = 0;
  #round: Promise<void> | undefined;
  /** What the transactions that are under way may write. */
  #writingPages = 0;

  private constructor(tables: LedgerTables, { serial = newSerial }: LedgerOptions = {}) {
    this.#tables = tables;
    this.#pool = new SerialPool(serial, (serials, now) => this.#reserveAll(serials, now));
  }

  /** Makes the ledger of a new authority, with its own certificate and its first revocation list. */
  static async create(folder: string, { entries, updates }: Beginning): Promise<void> {
    const ledger = new Ledger(await openTables(join(folder, authorityFiles.ledger), true));
    await ledger.#write(() => {
      for (const { entry, der } of entries) ledger.#put(entry, der);
      const [thisUpdate, nextUpdate] = [updates.thisUpdate.toISOString(), updates.nextUpdate.toISOString()];
      putListState(ledger.#tables, { number: 1, thisUpdate, nextUpdate, pending: false });
    });
    await ledger.close();
  }

  /**
   * Opens the ledger in an authority's folder, and takes over one of JSON lines.
   * @throws PkiError `ledger-damaged`, `file-missing`, or what the disk says
   */
  static async open(folder: string, options?: LedgerOptions): Promise<Ledger> {
    const old = join(folder, authorityFiles.oldLedger);
    const entries = await readOldLedger(old);
    const path = join(folder, authorityFiles.ledger);
    const ledger = new Ledger(await openTables(path, entries !== undefined), options);
    if (entries === undefined) return ledger;
    // Another process may be at it too: what is there already stays as it is.
    await ledger.#write(
      () => {
        for (const entry of entries) if (!ledger.#tables.entries.doesExist(entry.serial)) ledger.#put(entry, empty);
      },
      pagesEach + Math.ceil(entries.length / 2),
    );
    await setOldLedgerAside(old);
    return ledger;
  }

  /** How many certificates it knows. */
  get size(): number {
    return (this.#tables.entries.getStats() as { entryCount: number }).entryCount;
  }

  /** @throws PkiError `ledger-damaged` */
  find(serial: string): LedgerEntry | undefined {
    return entryOf(this.#tables, serial);
  }

  /** The certificate in PEM; undefined where it is not known: of what was issued before the ledger kept them. */
  certificateOf(serial: string): string | undefined {
    const row = this.#tables.entries.get(serial);
    const der = row === undefined ? empty : derOf(row);
    return der.length === 0 ? undefined : toPem('CERTIFICATE', der);
  }

  /**
   * Lazily: whoever takes a page reads no more than that, where an index fits.
   * @throws PkiError `ledger-damaged`
   */
  select(query: LedgerQuery): Generator<LedgerEntry> {
    return select(this.#tables, query);
  }

  /** Serials that were taken for certificates that were never recorded. */
  reservations(): Reservation[] {
    return [...this.#tables.reserved.getRange()]
      .filter(({ key }) => key !== neverReserved)
      .map(({ key, value }) => ({ serial: String(key), ...(value as Omit<Reservation, 'serial'>) }));
  }

  /**
   * A serial that nobody else has got or will get, also when the process ends at any time from now on.
   * @throws PkiError `serial-reused`, or what the disk says
   */
  async reserve(now: Date): Promise<string> {
    const serial = await this.#pool.take(now);
    this.#signing += 1;
    return serial;
  }

  /**
   * Writes down what was signed under a reserved serial. Durable once it returns.
   * @throws PkiError `serial-reused`, or what the disk says: then the certificate must not be handed out
   */
  async record(entry: Omit<LedgerEntry, 'by' | 'at'>, der: Uint8Array, now: Date): Promise<void> {
    this.#signing -= 1;
    if (this.#signing > crowd) await this.#nextRound();
    await this.#write(() => {
      const { reserved, entries } = this.#tables;
      if (!reserved.doesExist(entry.serial) || entries.doesExist(entry.serial)) throw reused(entry.serial);
      reserved.remove(entry.serial);
      this.#put({ ...entry, by: this.#by, at: now.toISOString() }, der);
    });
  }

  /** Writes down what another authority has signed: its serial is that one's. What is there already stays as it is. */
  async adopt(entry: Omit<LedgerEntry, 'by' | 'at'>, der: Uint8Array, now: Date): Promise<void> {
    await this.#write(() => {
      if (!this.#tables.entries.doesExist(entry.serial))
        this.#put({ ...entry, by: this.#by, at: now.toISOString() }, der);
    });
  }

  /**
   * Revokes certificates; durable once it returns. Those that were revoked before stay as they are.
   * @returns the serials that were not
   */
  revoke(serials: readonly string[], reason: RevocationReason, now: Date): Promise<readonly string[]> {
    const revocation = { at: now.toISOString(), reason, by: this.#by };
    return this.#write(() => revokeAll(this.#tables, serials, revocation), pagesEach + Math.ceil(serials.length / 8));
  }

  /** Whether a serial was revoked, and why; also one of an authority in whose place this one is. */
  revocationOf(serial: string): RevocationEntry | undefined {
    return this.#tables.revoked.get(serial) as RevocationEntry | undefined;
  }

  /** The revocation list that was made last, and whether another one is due. */
  listState(): ListState {
    return listStateOf(this.#tables);
  }

  beginList(options: ListOptions): Promise<NextList> {
    return this.#write(() => beginList(this.#tables, options));
  }

  async endList(list: NextList): Promise<void> {
    await this.#write(() => endList(this.#tables, list));
  }

  /** Gives back what was reserved and not used. */
  async close(): Promise<void> {
    const unused = await this.#pool.drain();
    if (unused.length > 0) {
      await this.#write(() => {
        for (const serial of unused) this.#tables.reserved.remove(serial);
      });
    }
    await closeTables(this.#tables);
  }

  /** Where many are being signed, those that are done within a few milliseconds of one another are recorded together. */
  #nextRound(): Promise<void> {
    this.#round ??= delay(roundMs).then(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async #reserveAll(serials: readonly string[], now: Date): Promise<void> {
    const { reserved, entries } = this.#tables;
    await this.#write(() => {
      const taken = serials.find((serial) => reserved.doesExist(serial) || entries.doesExist(serial));
      if (taken !== undefined) throw reused(taken);
      for (const serial of serials) reserved.put(serial, { at: now.toISOString(), by: this.#by });
    });
  }

  #put(entry: LedgerEntry, der: Uint8Array): void {
    const { entries, subjects, profiles } = this.#tables;
    entries.put(entry.serial, encodeEntry(entry, der));
    subjects.put([entry.subject, entry.serial], empty);
    profiles.put([entry.profile, Date.parse(entry.notAfter), entry.serial], empty);
  }

  /** In one transaction, which other callers may share; on the disk once it returns. `change` throws before it writes, or not at all. */
  async #write<Result>(change: () => Result, pages = pagesEach): Promise<Result> {
    const { root, path, room } = this.#tables;
    this.#writingPages += pages;
    try {
      await room.make(this.#writingPages);
      return await orLedgerError('write', path, () => root.transaction(change));
    } finally {
      this.#writingPages -= pages;
    }
  }
}

function reused(serial: string): PkiError {
  const hint = 'run the same again; if it comes back, this machine has no good source of randomness';
  return new PkiError('serial-reused', `serial ${serial} was given out before`, { serial }, { hint });
}
