import { readAccess } from '../../access/live.js';
import { planAccess } from '../../access/plan-access.js';
import { stepsOf } from '../../access/step.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { connect } from '../../run/store-connection.js';
import type { Context, Given } from '../command.js';
import { readDeclaration } from './declaration.js';
import { changeCounts, showChanges } from './show.js';

/** `quorate access plan` */
export async function plan(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, signal } = context;
  const declared = await readDeclaration(context, given);
  const { client, operator, authIsOn } = await connect(context, given);
  try {
    const live = await readAccess(client, signal);
    const { changes, phases } = planAccess(live, declared, given.prune === true, operator);
    const steps = stepsOf(phases).length;
    if (given.json === true) terminal.json({ authIsOn, changes, steps });
    else showChanges(terminal, changes);
    terminal.say(changeCounts(changes));
    if (!authIsOn) terminal.say(authOff(given));
    return steps === 0 ? exitCodes.done : exitCodes.pending;
  } finally {
    client.close();
  }
}

/** A cluster of somebody else's has no DIR to bootstrap from. */
export const authOff = ({ endpoints }: Given): string =>
  `auth is off: nobody is held to any of this; ${endpoints === undefined ? 'quorate bootstrap' : 'once root is a user with the role root, etcdctl auth enable'} turns it on`;
