import { type ListState, leafDaysMax } from '#pki';
import { withLedgerOf } from '../../authority.js';
import { inspectCopies, type RevocationCopy } from '../../certificates/revoking/copies.js';
import { withList } from '../../certificates/revoking/locked.js';
import { columns } from '../../columns.js';
import { WizardError } from '../../errors.js';
import type { Plan } from '../../plan/plan.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';
import { deliveryLines } from './delivery-lines.js';

/** @throws WizardError `usage` */
function parseDays({ days, renew }: Given): number | undefined {
  if (days === undefined) return undefined;
  const hint = 'quorate cert crl --renew --days 30';
  if (renew !== true) throw new WizardError('usage', '--days is for lists that are made: --renew', {}, { hint });
  const allowed = /^\d{1,5}$/.test(String(days)) && Number(days) >= 1 && Number(days) <= leafDaysMax;
  if (allowed) return Number(days);
  throw new WizardError('usage', `--days: ${days} is no whole number from 1 to ${leafDaysMax}`, { days }, { hint });
}

async function renewList(context: Context, given: Given, plan: Plan): Promise<void> {
  const { dir, passphrases, terminal } = context;
  const days = parseDays(given);
  const job = { dir, passphrases, plan, now: context.now(), days };
  const { listed, delivered } = await withList(job, async () => undefined, true);
  for (const line of deliveryLines(plan, listed, delivered)) terminal.say(line);
}

interface Shown {
  readonly list: ListState;
  readonly revoked: number;
  readonly copies: readonly RevocationCopy[];
}

function rowsOf({ list, revoked, copies }: Shown, now: Date): string[][] {
  const overdue = list.nextUpdate !== undefined && Date.parse(list.nextUpdate) <= now.getTime();
  return [
    ['number', String(list.number)],
    ['made', list.thisUpdate ?? 'unknown'],
    ['due', `${list.nextUpdate ?? 'unknown'}${overdue ? ', which has passed' : ''}`],
    ['revoked', String(revoked)],
    ['state', list.pending ? 'another one is due: quorate cert crl --renew' : 'holds all that is revoked'],
    ...copies.map(({ member, path, state }) => [member, `${path} ${state}`]),
  ];
}

/** `quorate cert crl` */
export async function crl(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir } = context;
  parseDays(given);
  const plan = await readPlan(context);
  if (given.renew === true) await renewList(context, given, plan);
  const shown = await withLedgerOf(context, async (ledger) => ({
    list: ledger.listState(),
    revoked: [...ledger.select({ now: context.now(), states: ['revoked'] })].length,
    copies: await inspectCopies(plan, dir),
  }));
  if (given.json === true) terminal.json(shown);
  else for (const line of columns(rowsOf(shown, context.now()))) terminal.result(line);
  return exitCodes.done;
}
