import { stateOf } from '#pki';
import { accessOf, userRights } from '../../access/access.js';
import { liveAccess } from '../../access/drift.js';
import { rightsLines } from '../../access/words.js';
import { withLedgerOf } from '../../authority.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { printable } from '../../shown.js';
import { userOf } from '../../users/add.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate user show` */
export async function show(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, signal } = context;
  const now = context.now();
  const plan = await readPlan(context);
  const { name, roles, key = 'here', password } = userOf(plan, String(given.name));
  const certificates = await withLedgerOf({ dir }, (ledger) =>
    [...ledger.select({ now, subject: name, profiles: ['client'] })].map((entry) => ({
      ...{ serial: entry.serial, state: stateOf(entry, now), validUntil: entry.notAfter },
    })),
  );
  const may = rightsLines(userRights(accessOf(plan.access), name));
  const live = await liveAccess(plan, dir, signal);
  const store = 'unknown' in live ? { unknown: live.unknown } : (live.access.users.get(name) ?? 'not there');
  if (given.json === true) {
    terminal.json({ name, roles, key, password, may, certificates, store });
    return exitCodes.done;
  }
  terminal.result(`${terminal.paint('bold', printable(name))}: ${roles.map(printable).join(', ') || 'no role'}`);
  for (const line of may.length === 0 ? ['nothing'] : may) terminal.result(`  may ${line}`);
  terminal.result(`  key ${key}${password ? ', and a password' : ''}`);
  for (const { serial, state, validUntil } of certificates)
    terminal.result(`  certificate ${serial} ${state}, until ${validUntil}`);
  terminal.result(`  ${storeWords(store, roles)}`);
  return exitCodes.done;
}

function storeWords(
  store: readonly string[] | 'not there' | { readonly unknown: string },
  roles: readonly string[],
): string {
  if (store === 'not there') return 'the store has no such user: quorate access apply';
  if ('unknown' in store) return `the store was not asked: ${store.unknown}`;
  const same = [...store].sort().join() === [...roles].sort().join();
  return same
    ? 'the store has them like that'
    : `the store has them with ${store.join(', ') || 'no role'}: quorate access plan`;
}
