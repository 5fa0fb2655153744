import { join } from 'node:path';
import { WizardError } from '../../errors.js';
import { kitFolder } from '../../layout.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { approve as approveRequest, checkFingerprint, readRequest, requestWords } from '../../users/approve.js';
import { storeUser } from '../../users/store-user.js';
import { makeMatch } from '../apply.js';
import type { Context, Given } from '../command.js';
import { checkPlanIsThere } from '../plan-file.js';

/** `quorate user approve` */
export async function approve(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, signal, now } = context;
  const roles = Array.isArray(given.role) ? given.role.map(String) : [];
  if (roles.length === 0) {
    const hint = '--role ROLE, one of the plan; without any they could neither read nor write';
    throw new WizardError('usage', 'no role is given', {}, { hint });
  }
  await checkPlanIsThere(context);
  const csr = await readRequest(String(given.file));
  for (const line of requestWords(csr)) terminal.say(line);
  if (typeof given.fingerprint === 'string') checkFingerprint(csr, given.fingerprint);
  else if (given.yes !== true && terminal.interactive) await confirmed(roles);
  const { plan, user, fingerprint, spoken } = await approveRequest({ dir, csr, roles, now: now() });
  await makeMatch(context, plan);
  const store = await storeUser(plan, user, dir, signal);
  const kit = join(dir, kitFolder(user.name));
  if (given.json === true) {
    terminal.json({ name: user.name, roles, kit, fingerprint, spoken, store: store.reached ? 'done' : 'not reached' });
    return exitCodes.done;
  }
  terminal.result(kit);
  if (store.reached) for (const line of store.done) terminal.say(line);
  else
    terminal.say(
      `the cluster is not reached (${store.reason}): quorate bootstrap adds ${user.name} there once it runs`,
    );
  terminal.say(`${user.name} has the roles ${roles.join(', ')}; the key that was certified: ${spoken}`);
  terminal.say(`send them the folder ${kit}: it has everything but their key`);
  return exitCodes.done;
}

async function confirmed(roles: readonly string[]): Promise<void> {
  const { confirm } = await import('../../questions/ask.js');
  if (await confirm(`Are they the same, and are they to have ${roles.join(', ')}?`)) return;
  throw new WizardError('cancelled', 'cancelled: nothing was changed', {}, {});
}
