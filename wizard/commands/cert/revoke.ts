import { type LedgerEntry, stateOf } from '#pki';
import { withLedgerOf } from '../../authority.js';
import { nameOf } from '../../certificates/listing/rows.js';
import { chooseEntries, parseReason } from '../../certificates/revoking/choose.js';
import { withList } from '../../certificates/revoking/locked.js';
import { WizardError } from '../../errors.js';
import { type Plan, usersOf } from '../../plan/plan.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Terminal } from '../../terminal.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';
import { deliveryLines } from './delivery-lines.js';

const title = (entry: LedgerEntry): string => `${entry.serial}, ${entry.profile} certificate of ${nameOf(entry)}`;

/** @throws WizardError `usage` where nobody can be asked, `cancelled` */
async function confirmed(terminal: Terminal, count: number): Promise<boolean> {
  if (!terminal.interactive) {
    const hint = '--yes revokes them without asking';
    throw new WizardError('usage', 'a revocation is not taken back, and there is nobody to ask', {}, { hint });
  }
  const { confirmChange } = await import('../../questions/ask.js');
  return confirmChange(`Revoke ${count === 1 ? 'it' : `these ${count}`}? That is not taken back.`);
}

/** What follows for whoever had them. */
function consequences(entries: readonly LedgerEntry[], plan: Plan): string[] {
  const users = usersOf(plan).filter(({ name }) =>
    entries.some(({ subject, profile }) => subject === name && profile === 'client'),
  );
  const members = plan.members.filter(({ name }) =>
    entries.some(({ subject, profile }) => subject === name && (profile === 'server' || profile === 'peer')),
  );
  return [
    ...users.map(({ name, key }) =>
      key === 'elsewhere'
        ? `for another certificate ${name} makes another request: quorate user request ${name}`
        : `for another certificate of ${name}: quorate cert renew ${name} --new-key`,
    ),
    ...members.map(({ name }) => `${name} is not let in by the others until quorate cert renew ${name} --new-key`),
  ];
}

/** `quorate cert revoke` */
export async function revoke(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, passphrases } = context;
  const now = context.now();
  const reason = parseReason(given);
  const plan = await readPlan(context);
  const wanted = Array.isArray(given.certificates) ? given.certificates.map(String) : [];
  const chosen = await withLedgerOf(context, (ledger) => chooseEntries(ledger, wanted, now));
  const valid = chosen.filter((entry) => stateOf(entry, now) !== 'revoked');
  for (const entry of chosen) {
    const { revocation } = entry;
    if (revocation !== undefined)
      terminal.say(`${title(entry)}, was revoked at ${revocation.at} (${revocation.reason})`);
    else terminal.say(`${title(entry)}, ends at ${entry.notAfter}`);
  }
  if (valid.length > 0 && given.yes !== true && !(await confirmed(terminal, valid.length))) {
    throw new WizardError('cancelled', 'cancelled: nothing was revoked', {}, {});
  }
  const serials = valid.map(({ serial }) => serial);
  const { result, listed, delivered } = await withList(
    { dir, passphrases, plan, now },
    ({ ledger }) => ledger.revoke(serials, reason, now),
    false,
  );
  if (given.json === true) {
    terminal.json({ reason, revoked: result, listed, delivered: delivered.map(({ path }) => path) });
    return exitCodes.done;
  }
  for (const serial of result) terminal.result(serial);
  if (result.length === 0 && listed === undefined && delivered.length === 0)
    terminal.say('there was nothing left to do');
  for (const line of deliveryLines(plan, listed, delivered)) terminal.say(line);
  if (result.length > 0) for (const line of consequences(valid, plan)) terminal.say(`note: ${line}`);
  return exitCodes.done;
}
