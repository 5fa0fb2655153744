import type { EtcdClient } from '#cluster';
import { shellArgument } from '#templates';
import { readAccess } from '../../access/live.js';
import { planAccess } from '../../access/plan-access.js';
import { stepsOf } from '../../access/step.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { knownApiServer, servesKubernetes } from '../../run/api-server.js';
import { connect, endpointsOf } from '../../run/store-connection.js';
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
    if (!authIsOn) terminal.say(await authOff(client, given, signal));
    return steps === 0 ? exitCodes.done : exitCodes.pending;
  } finally {
    client.close();
  }
}

/** A cluster of somebody else's has no DIR to bootstrap from. */
export async function authOff(client: EtcdClient, given: Given, signal: AbortSignal): Promise<string> {
  const endpoints = endpointsOf(given).join(',');
  const { cacert, cert, key } = given;
  const flags = Object.entries({ endpoints, cacert, cert, key }).flatMap(([flag, value]) =>
    typeof value === 'string' ? [`--${flag} ${shellArgument(value)}`] : [],
  );
  const first = (await servesKubernetes(client, signal)) ? `${knownApiServer}; then ` : '';
  const foreign = `once root is a user with the role root, etcdctl ${flags.join(' ')} auth enable`;
  return `auth is off: nobody is held to any of this; ${first}${endpoints === '' ? 'quorate bootstrap' : foreign} turns it on`;
}
