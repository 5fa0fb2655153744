import { explain as explainAccess } from '../../access/explain.js';
import type { Interval } from '../../access/intervals.js';
import { readAccess } from '../../access/live.js';
import { keyOf } from '../../access/rights.js';
import { WizardError } from '../../errors.js';
import { nearest } from '../../plan/nearest.js';
import { prefixEnd } from '../../plan/permissions.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { connect } from '../../run/store-connection.js';
import { printable, quoted } from '../../shown.js';
import type { Context, Given } from '../command.js';

/** `quorate access explain` */
export async function explain(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, signal } = context;
  const { client, authIsOn } = await connect(context, given);
  try {
    const access = await readAccess(client, signal);
    const user = String(given.who);
    if (!access.users.has(user)) throw unknownUser(user, [...access.users.keys()]);
    const keys = keysOf(String(given.what), given.prefix === true);
    const read = explainAccess(access, user, 'read', keys);
    const write = explainAccess(access, user, 'write', keys);
    if (given.json === true) terminal.json({ user, authIsOn, read, write });
    else
      for (const [kind, { allowed, by, missing, others }] of Object.entries({ read, write })) {
        terminal.result(`${kind}: ${allowed ? terminal.paint('green', 'allowed') : terminal.paint('red', 'refused')}`);
        for (const { role, permission } of by) terminal.result(`  role ${printable(role)} grants ${permission}`);
        for (const keys_ of missing) terminal.result(`  no role of ${printable(user)} grants ${keys_}`);
        if (!allowed && others.length > 0) terminal.result(`  roles that would: ${others.map(printable).join(', ')}`);
      }
    if (!authIsOn) terminal.say('auth is off: everybody may do everything');
    return read.allowed || write.allowed ? exitCodes.done : exitCodes.failed;
  } finally {
    client.close();
  }
}

function keysOf(text: string, isPrefix: boolean): Interval {
  const bytes = Buffer.from(text);
  const from = keyOf(bytes);
  if (!isPrefix) return { from, to: `${from}\0` };
  const to = keyOf(prefixEnd(bytes));
  return { from: from === '' ? '\0' : from, to: to === '\0' ? undefined : to };
}

function unknownUser(user: string, known: readonly string[]): WizardError {
  const meant = nearest(user, known);
  const hint =
    meant === undefined
      ? `there are: ${known.slice(0, 20).map(printable).join(', ')}`
      : `did you mean ${printable(meant)}?`;
  return new WizardError('usage', `the store has no user ${quoted(user)}`, { user }, { hint });
}
