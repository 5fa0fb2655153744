// What the authority's own ledger says of a certificate.
import { type Certificate, signedBy } from '../certificate.js';
import type { LedgerEntry } from '../ledger-entry.js';
import { type Finding, failing } from './finding.js';

/** A ledger, and whose it is. */
export interface Register {
  /** The authority's certificates: of others' it says nothing. */
  readonly authorities: readonly Certificate[];
  find(serial: string): Pick<LedgerEntry, 'fingerprint' | 'revocation'> | undefined;
}

export function registerFindings(leaf: Certificate, path: string, register: Register | undefined): Finding[] {
  if (register === undefined || !register.authorities.some((each) => signedBy(leaf, each))) return [];
  const entry = register.find(leaf.serial);
  if (entry?.fingerprint === leaf.fingerprint) {
    const { revocation } = entry;
    if (revocation === undefined) return [];
    const message = `it was revoked at ${revocation.at} (${revocation.reason}), says the ledger`;
    return [failing(path, 'revoked', message, 'issue it again with a new key')];
  }
  const what = entry === undefined ? 'does not know its serial' : 'knows another certificate of its serial';
  const hint = 'find out who has signed it; when nobody here has, replace the authority: quorate cert rotate-ca';
  return [failing(path, 'not-in-ledger', `its authority signed it, and the ledger ${what} (${leaf.serial})`, hint)];
}
