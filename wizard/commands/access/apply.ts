import { join, resolve } from 'node:path';
import { writeNew } from '#pki';
import type { Declared } from '../../access/access.js';
import { applyAccess } from '../../access/apply-access.js';
import { readAccess } from '../../access/live.js';
import { planAccess } from '../../access/plan-access.js';
import { type AccessStep, stepsOf } from '../../access/step.js';
import { generatePassword, readPassword } from '../../apply/passwords.js';
import { WizardError } from '../../errors.js';
import { kitFiles } from '../../layout.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { connect } from '../../run/store-connection.js';
import type { Context, Given } from '../command.js';
import { readDeclaration } from './declaration.js';
import { authOff } from './plan.js';
import { changeCounts, showChanges } from './show.js';

/** `quorate access apply` */
export async function apply(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, signal } = context;
  const declared = await readDeclaration(context, given);
  const { client, operator, authIsOn } = await connect(context, given);
  try {
    const prune = given.prune === true;
    const { changes, phases } = planAccess(await readAccess(client, signal), declared, prune, operator);
    if (given.json !== true) showChanges(terminal, changes);
    const passwords = await newPasswords(context, given, declared, stepsOf(phases));
    const progress = (taken: number, whole: number): void => terminal.progress(`${taken} of ${whole} steps`);
    await applyAccess({ auth: client.auth, phases, passwordOf: async (user) => passwords.get(user), progress, signal });
    terminal.endProgress();
    const left = stepsOf(planAccess(await readAccess(client, signal), declared, prune, operator).phases);
    if (left.length > 0) {
      const what = `${left.length} steps are left: somebody else changes users and roles at the same time`;
      throw new WizardError('plan-differs', what, {}, { hint: 'quorate access plan shows them' });
    }
    if (given.json === true) terminal.json({ changes, steps: stepsOf(phases).length });
    terminal.say(`${changeCounts(changes)}: done, and read back`);
    if (!authIsOn) terminal.say(await authOff(client, given, signal));
    return exitCodes.done;
  } finally {
    terminal.endProgress();
    client.close();
  }
}

/**
 * Of users that are about to be added: those of DIR are in their kits, others are made up, and written down or shown
 * before the first step is taken, so that none is lost.
 */
async function newPasswords(
  { dir, terminal }: Context,
  given: Given,
  { users }: Declared,
  steps: readonly AccessStep[],
): Promise<ReadonlyMap<string, string>> {
  const added = new Set(steps.flatMap((step) => (step.does === 'add-user' ? [step.user] : [])));
  const names = users.filter(({ name, password }) => password && added.has(name)).map(({ name }) => name);
  const inKits = given.endpoints === undefined;
  const found = await Promise.all(
    names.map(
      async (name) => [name, inKits ? await readPassword(join(dir, kitFiles(name).password)) : undefined] as const,
    ),
  );
  const made = found
    .filter(([, password]) => password === undefined)
    .map(([name]) => [name, generatePassword()] as const);
  const lines = made.map(([name, password]) => `${name}\t${password}`);
  if (typeof given.passwords === 'string' && lines.length > 0) {
    await writeNew(resolve(given.passwords), `${lines.join('\n')}\n`, 0o600);
    terminal.say(`${lines.length} new passwords are in ${given.passwords}`);
  } else for (const line of lines) terminal.say(`password, shown this once: ${line}`);
  return new Map([
    ...found.flatMap(([name, password]) => (password === undefined ? [] : [[name, password] as const])),
    ...made,
  ]);
}
