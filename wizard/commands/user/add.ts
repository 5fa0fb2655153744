import { join } from 'node:path';
import { WizardError } from '../../errors.js';
import { kitFolder } from '../../layout.js';
import type { User } from '../../plan/plan.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { addUser } from '../../users/add.js';
import { storeUser } from '../../users/store-user.js';
import { makeMatch } from '../apply.js';
import type { Context, Given } from '../command.js';
import { checkPlanIsThere } from '../plan-file.js';

/** `quorate user add` */
export async function add(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, signal } = context;
  const name = String(given.name);
  const roles = Array.isArray(given.role) ? given.role.map(String) : [];
  if (roles.length === 0) {
    const hint = '--role ROLE, one of the plan; without any they could neither read nor write';
    throw new WizardError('usage', 'no role is given', {}, { hint });
  }
  await checkPlanIsThere(context);
  const user: User = { name, roles, password: given.password === true };
  const plan = await addUser(dir, user);
  await makeMatch(context, plan);
  const store = await storeUser(plan, user, dir, signal);
  const kit = join(dir, kitFolder(name));
  if (given.json === true) {
    terminal.json({ name, roles, kit, store: store.reached ? 'done' : 'not reached' });
    return exitCodes.done;
  }
  terminal.result(kit);
  if (store.reached) for (const line of store.done) terminal.say(line);
  else terminal.say(`the cluster is not reached (${store.reason}): quorate bootstrap adds ${name} there once it runs`);
  terminal.say(
    `the kit has their key: hand it over where nobody else reads it, or as quorate cert export ${name} --format pkcs12`,
  );
  terminal.say('a key that never leaves their machine is better: quorate user request');
  return exitCodes.done;
}
