import { join } from 'node:path';
import { type LedgerEntry, openLedger } from '#pki';
import { oldPkiFolder } from '../layout.js';
import { type Plan, usersOf } from '../plan/plan.js';

/** What ends within this time needs nobody's attention: the probes of a rotation, too. */
const passingMs = 2 * 86_400_000;

/**
 * Certificates of the old authority that are still good, and that no apply replaces: they were issued by hand, wherever they are.
 * While both authorities are trusted.
 * @throws PkiError `authority-absent`, `ledger-damaged`
 */
export async function outsidePlan(plan: Plan, dir: string, now: Date): Promise<readonly LedgerEntry[]> {
  const ledger = await openLedger(join(dir, oldPkiFolder));
  try {
    const entries = [...ledger.select({ now, states: ['issued'] })];
    return entries.filter((entry) => !isAuthority(entry) && !isPlans(plan, entry) && !isPassing(entry));
  } finally {
    await ledger.close();
  }
}

const isAuthority = ({ profile }: LedgerEntry): boolean => profile === 'root' || profile === 'intermediate';

const isPlans = (plan: Plan, { profile, subject }: LedgerEntry): boolean =>
  profile === 'client'
    ? usersOf(plan).some(({ name }) => name === subject)
    : (profile === 'server' || profile === 'peer') && plan.members.some(({ name }) => name === subject);

const isPassing = ({ notBefore, notAfter }: LedgerEntry): boolean =>
  Date.parse(notAfter) - Date.parse(notBefore) < passingMs;
