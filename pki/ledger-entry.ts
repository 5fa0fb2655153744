// What the ledger says of one certificate, and how that is written in its rows.
import { PkiError } from './errors.js';
import type { RevocationReason } from './revocation-reasons.js';

/** One certificate that was signed. */
export interface LedgerEntry {
  /** Lower-case hexadecimal. */
  readonly serial: string;
  /** `root`, a built-in profile, or one that the plan declared. */
  readonly profile: string;
  /** Its common name; empty for none. */
  readonly subject: string;
  readonly organization?: string;
  readonly names: readonly string[];
  /** Who asked: the user of the operating system. Unknown of what was issued before the ledger said so. */
  readonly by?: string;
  /** When it was signed. ISO 8601, UTC, as all times here. */
  readonly at: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** SHA-256 of the DER form, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly revocation?: RevocationEntry;
}

export interface RevocationEntry {
  readonly at: string;
  readonly reason: RevocationReason;
  readonly by: string;
}

/** A serial that was taken for a certificate of which nothing was recorded: whoever took it was stopped, or is at work. */
export interface Reservation {
  readonly serial: string;
  readonly at: string;
  readonly by: string;
}

/** `expired` is what the clock says of one that is `issued`. */
export const certificateStates = ['issued', 'expired', 'revoked'] as const;
export type CertificateState = (typeof certificateStates)[number];

export function stateOf({ revocation, notAfter }: LedgerEntry, now: Date): CertificateState {
  if (revocation !== undefined) return 'revoked';
  return Date.parse(notAfter) <= now.getTime() ? 'expired' : 'issued';
}

/** A row: the length of the JSON (4 octets), the JSON, and the certificate in DER where it is known. */
export function encodeEntry({ serial: _, revocation: __, ...entry }: LedgerEntry, der: Uint8Array): Buffer {
  const text = Buffer.from(JSON.stringify(entry));
  const row = Buffer.allocUnsafe(4 + text.length + der.length);
  row.writeUInt32BE(text.length);
  text.copy(row, 4);
  row.set(der, 4 + text.length);
  return row;
}

/** @throws PkiError `ledger-damaged` */
export function decodeEntry(serial: string, row: Buffer, path: string): LedgerEntry {
  const entry = parseRow(row.length < 4 ? row : row.subarray(4, 4 + row.readUInt32BE()));
  if (entry === undefined) throw ledgerDamaged(path, `what it says of serial ${serial} can't be read`);
  return { serial, ...entry };
}

/** The certificate in a row, in DER; empty where it is not known. */
export const derOf = (row: Buffer): Buffer => (row.length < 4 ? row : row.subarray(4 + row.readUInt32BE()));

function parseRow(json: Buffer): Omit<LedgerEntry, 'serial'> | undefined {
  const value = parseJson(json.toString());
  return isEntry(value) ? value : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is Omit<LedgerEntry, 'serial'> {
  if (typeof value !== 'object' || value === null) return false;
  const { names, profile, subject, at, notBefore, notAfter, fingerprint } = value as Record<string, unknown>;
  const texts = [profile, subject, at, notBefore, notAfter, fingerprint];
  return Array.isArray(names) && texts.every((field) => typeof field === 'string');
}

export function ledgerDamaged(path: string, what: string, cause?: unknown): PkiError {
  const hint = 'restore the ledger from a backup: without it, serials could be given out twice';
  return new PkiError('ledger-damaged', `the ledger ${path} is damaged: ${what}`, { path }, { hint, cause });
}
