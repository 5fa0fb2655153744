import { stateOf } from '#pki';
import { withLedgerOf } from '../../authority.js';
import { columns } from '../../columns.js';
import { WizardError } from '../../errors.js';
import { type User, usersOf } from '../../plan/plan.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

const dayMs = 86_400_000;
const expiringDays = 30;
const daysMax = 36_500;

interface Listed {
  readonly name: string;
  readonly roles: readonly string[];
  readonly key: 'here' | 'elsewhere';
  readonly password: boolean;
  /** Of the certificate that was issued last, which is the one in use, unless it was revoked. */
  readonly validUntil?: string;
}

/** `quorate user list` */
export async function list(context: Context, given: Given): Promise<ExitCode> {
  const { terminal } = context;
  const now = context.now();
  const plan = await readPlan(context);
  const users = await withLedgerOf(context, (ledger) =>
    usersOf(plan).map((user): Listed => {
      const issued = [...ledger.select({ now, subject: user.name, profiles: ['client'] })]
        .filter((entry) => stateOf(entry, now) !== 'revoked')
        .sort((a, b) => a.at.localeCompare(b.at));
      return listed(user, issued.at(-1)?.notAfter);
    }),
  );
  const soonest = expiringOf(given, now);
  const shown = users.filter(({ validUntil }) => soonest === undefined || (validUntil ?? '') < soonest);
  if (given.json === true) {
    terminal.json({ users: shown });
    return exitCodes.done;
  }
  const rows = shown.map(({ name, roles, key, password, validUntil }) => [
    name,
    roles.join(', ') || '-',
    key,
    password ? 'yes' : 'no',
    validUntil === undefined ? 'none' : daysWords(Math.floor((Date.parse(validUntil) - now.getTime()) / dayMs)),
  ]);
  const heads = ['USER', 'ROLES', 'KEY', 'PASSWORD', 'CERTIFICATE'];
  for (const line of columns([heads, ...rows], terminal.paint.bind(terminal))) terminal.result(line);
  return exitCodes.done;
}

const daysWords = (left: number): string => (left < 0 ? 'ended' : `${left} days left`);

const listed = ({ name, roles, key, password }: User, validUntil: string | undefined): Listed => ({
  name,
  roles,
  key: key ?? 'here',
  password,
  ...(validUntil === undefined ? {} : { validUntil }),
});

/** The end of the time that `--expiring` looks at; undefined without it. @throws WizardError `usage` */
function expiringOf({ expiring }: Given, now: Date): string | undefined {
  if (expiring === undefined) return undefined;
  const days = expiring === true ? expiringDays : Number(expiring);
  if (!Number.isInteger(days) || days < 0 || days > daysMax)
    throw new WizardError('usage', `--expiring: ${String(expiring)} is no number of days`);
  return new Date(now.getTime() + days * dayMs).toISOString();
}
