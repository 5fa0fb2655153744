import { join } from 'node:path';
import { openAuthority, openLedger, type RevocationReason, renewRevocationList } from '#pki';
import { nextPkiFolder, pkiFolder } from '../layout.js';
import type { PassphraseSource } from '../passphrases.js';

/**
 * A new authority is no pardon: what the old one revoked is on the next one's list as well, so that nothing of it is issued again by
 * itself. Serials are random, and those of two authorities differ. May be done again.
 */
export async function carryRevocations(dir: string, passphrases: PassphraseSource, now: Date): Promise<void> {
  const revoked = await revokedByReason(join(dir, pkiFolder), now);
  if (revoked.size === 0) return;
  const folder = join(dir, nextPkiFolder);
  const authority = await passphrases.open((passphrase) => openAuthority(folder, passphrase));
  try {
    for (const [reason, serials] of revoked) await authority.ledger.revoke(serials, reason, now);
    if (authority.ledger.listState().pending) await renewRevocationList({ authority, folder, now });
  } finally {
    await authority.close();
  }
}

async function revokedByReason(folder: string, now: Date): Promise<Map<RevocationReason, string[]>> {
  const ledger = await openLedger(folder);
  try {
    const found = new Map<RevocationReason, string[]>();
    for (const { serial, notAfter, revocation } of ledger.select({ now, states: ['revoked'] })) {
      if (revocation === undefined || Date.parse(notAfter) < now.getTime()) continue;
      found.set(revocation.reason, [...(found.get(revocation.reason) ?? []), serial]);
    }
    return found;
  } finally {
    await ledger.close();
  }
}
