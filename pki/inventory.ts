// The ledger: every certificate that the authority signed, one JSON line each, durable before the certificate is handed out.
import { PkiError } from './errors.js';
import { appendLine, readText } from './files.js';
import { type ProfileName, profiles } from './profiles.js';

/** One certificate that was signed. */
export interface LedgerEntry {
  readonly event: 'issued';
  readonly serial: string;
  readonly profile: ProfileName;
  readonly subject: string;
  readonly organization?: string;
  readonly names: readonly string[];
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly fingerprint: string;
}

export const formatEntry = (entry: LedgerEntry): string => JSON.stringify(entry);

export class Inventory {
  readonly #path: string;
  readonly #entries: LedgerEntry[];
  readonly #serials: Set<string>;
  /** Appends are queued, so that a line that was cut off is repaired by one of them only. */
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string, entries: LedgerEntry[]) {
    this.#path = path;
    this.#entries = entries;
    this.#serials = new Set(entries.map(({ serial }) => serial));
  }

  /** @throws PkiError `ledger-damaged` with the line, `file-missing` */
  static async open(path: string): Promise<Inventory> {
    const text = await readText(path);
    // A line without its end is an append that was cut off; its certificate was never handed out.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = whole.split('\n').slice(0, -1);
    const entries = lines.map((line, index) => parseEntry(line, path, index + 1));
    return new Inventory(path, entries);
  }

  /** Oldest first. */
  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  /** @throws PkiError `serial-reused`, or what the disk says: then the certificate must not be handed out. */
  async record(entry: LedgerEntry): Promise<void> {
    if (this.#serials.has(entry.serial)) {
      const hint = 'run the same again; if it comes back, this machine has no good source of randomness';
      throw new PkiError(
        'serial-reused',
        `serial ${entry.serial} was given out before`,
        { serial: entry.serial },
        { hint },
      );
    }
    this.#serials.add(entry.serial);
    const recorded = this.#last.then(() => this.#append(entry));
    this.#last = recorded.catch(() => {});
    await recorded;
  }

  async #append(entry: LedgerEntry): Promise<void> {
    await appendLine(this.#path, formatEntry(entry));
    this.#entries.push(entry);
  }
}

function parseEntry(line: string, path: string, number: number): LedgerEntry {
  const entry = parseJson(line);
  if (isEntry(entry)) return entry;
  const hint = 'restore the ledger from a backup: without it, serials could be given out twice';
  throw new PkiError(
    'ledger-damaged',
    `line ${number} of ${path} is no ledger entry`,
    { path, line: number },
    { hint },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is LedgerEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { event, profile, names, ...rest } = value as Record<string, unknown>;
  const { serial, subject, notBefore, notAfter, fingerprint } = rest;
  return (
    event === 'issued' &&
    typeof profile === 'string' &&
    Object.hasOwn(profiles, profile) &&
    Array.isArray(names) &&
    [serial, subject, notBefore, notAfter, fingerprint].every((field) => typeof field === 'string')
  );
}
