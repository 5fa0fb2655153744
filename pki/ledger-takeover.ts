// The ledger before this one was a file of JSON lines. What it holds goes into the new one, in one transaction; then it is set aside.
import { basename } from 'node:path';
import { readTextIfPresent, setAside } from './files.js';
import { type LedgerEntry, ledgerDamaged, parseJson } from './ledger-entry.js';

const aside = 'ledger.old';

/** Its entries, oldest first; undefined when there is none. @throws PkiError `ledger-damaged` with the line */
export async function readOldLedger(path: string): Promise<LedgerEntry[] | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  // A line without its end is an append that was cut off; its certificate was never handed out.
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  return lines.map((line, index) => oldEntry(line, path, index + 1));
}

/** Once its entries are durable elsewhere. */
export const setOldLedgerAside = (path: string): Promise<void> => setAside(path, aside);

function oldEntry(line: string, path: string, number: number): LedgerEntry {
  const value = parseJson(line);
  const { event, ...entry } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { serial, profile, subject, organization, names, notBefore, notAfter, fingerprint } = entry;
  const texts = [serial, profile, subject, notBefore, notAfter, fingerprint];
  const whole = event === 'issued' && texts.every((field) => typeof field === 'string') && Array.isArray(names);
  if (!whole) throw ledgerDamaged(path, `line ${number} of ${basename(path)} is no entry`);
  const known = { serial, profile, subject, names, at: notBefore, notBefore, notAfter, fingerprint };
  return (typeof organization === 'string' ? { ...known, organization } : known) as LedgerEntry;
}
