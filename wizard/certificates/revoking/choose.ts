import { type Ledger, type LedgerEntry, type RevocationReason, revocationReasons } from '#pki';
import type { Given } from '../../commands/command.js';
import { WizardError } from '../../errors.js';
import type { Objection } from '../../plan/complaints.js';
import { nearest } from '../../plan/nearest.js';
import { findEntries } from '../listing/find.js';

/** @throws WizardError `usage` */
export function parseReason({ reason = 'unspecified' }: Given): RevocationReason {
  const known = revocationReasons.find((each) => each === reason);
  if (known !== undefined) return known;
  const meant = nearest(String(reason), revocationReasons);
  const hint = meant === undefined ? `one of ${revocationReasons.join(', ')}` : `did you mean ${meant}?`;
  throw new WizardError('usage', `--reason: there is no ${JSON.stringify(reason)}`, { reason }, { hint });
}

/**
 * The certificates that are meant, each once, revoked ones too.
 * @throws WizardError `no-such-certificate`, `not-revocable`, with everything that stands against it
 */
export function chooseEntries(ledger: Ledger, wanted: readonly string[], now: Date): readonly LedgerEntry[] {
  const chosen = new Map<string, LedgerEntry>();
  const wrong: (Objection & { readonly code: 'no-such-certificate' | 'not-revocable' })[] = [];
  for (const each of wanted) {
    try {
      for (const entry of findEntries(ledger, each, now)) chosen.set(entry.serial, entry);
    } catch (error) {
      if (!(error instanceof WizardError) || error.hint === undefined) throw error;
      wrong.push({ code: 'no-such-certificate', what: error.message, hint: error.hint });
    }
  }
  for (const { serial, profile, subject } of chosen.values()) {
    if (profile !== 'root' && profile !== 'intermediate') continue;
    const what = `${serial} is the authority ${subject} itself: no list of its own can revoke it`;
    const hint = 'quorate cert rotate-ca replaces an authority, and takes the old one out of what members trust';
    wrong.push({ code: 'not-revocable', what, hint });
  }
  const [first] = wrong;
  if (first === undefined) return [...chosen.values()];
  const hint = [...new Set(wrong.map((each) => each.hint))].join('; ');
  throw new WizardError(first.code, wrong.map(({ what }) => what).join('; '), { wanted }, { hint });
}
