import { join, resolve } from 'node:path';
import { PkiError, readTextIfPresent, replaceFile, writeNew } from '#pki';
import type { Declared } from '../../access/access.js';
import { applyAccess, endedEarly } from '../../access/apply-access.js';
import { readAccess } from '../../access/live.js';
import { planAccess } from '../../access/plan-access.js';
import { type AccessStep, stepsOf } from '../../access/step.js';
import { generatePassword, readPassword } from '../../apply/passwords.js';
import { privateFile } from '../../artifacts/artifact.js';
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
    const after = await readAccess(client, signal).catch((error: unknown) => {
      throw endedEarly(error, 'all steps are taken, and not read back', signal);
    });
    const left = stepsOf(planAccess(after, declared, prune, operator).phases);
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
 * What a run that was interrupted has written down already.
 * @returns undefined: nothing is there. @throws PkiError `file-exists` when it is another file
 */
async function writtenBefore(file: string): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await readTextIfPresent(file);
  if (text === undefined) return undefined;
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.every((line) => /^\S+\t\S+$/.test(line)))
    return new Map(lines.map((line) => line.split('\t') as [string, string]));
  const hint = 'name another file with --passwords';
  throw new PkiError('file-exists', `${file} is there already, and holds something else`, { file }, { hint });
}

/**
 * Of users that are about to be added: those of DIR are in their kits, others are made up, and written down or shown
 * before the first step is taken, so that none is lost.
 */
async function newPasswords(
  context: Context,
  given: Given,
  { users }: Declared,
  steps: readonly AccessStep[],
): Promise<ReadonlyMap<string, string>> {
  const added = new Set(steps.flatMap((step) => (step.does === 'add-user' ? [step.user] : [])));
  const names = users.filter(({ name, password }) => password && added.has(name)).map(({ name }) => name);
  const inKits = given.endpoints === undefined;
  const found = await Promise.all(
    names.map(
      async (name) =>
        [name, inKits ? await readPassword(join(context.dir, kitFiles(name).password)) : undefined] as const,
    ),
  );
  const lacking = found.filter(([, password]) => password === undefined).map(([name]) => name);
  const made = await makePasswords(
    context,
    typeof given.passwords === 'string' ? resolve(given.passwords) : undefined,
    lacking,
  );
  return new Map([
    ...found.flatMap(([name, password]) => (password === undefined ? [] : [[name, password] as const])),
    ...made,
  ]);
}

/** In a file, where one is named, or shown once. What an interrupted run wrote there is taken again. */
async function makePasswords(
  { terminal }: Context,
  file: string | undefined,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const before = file === undefined ? undefined : await writtenBefore(file);
  const made = new Map(names.map((name) => [name, before?.get(name) ?? generatePassword()]));
  if (file === undefined) {
    for (const [name, password] of made) terminal.say(`password, shown this once: ${name}\t${password}`);
    return made;
  }
  const all = [...new Map([...(before ?? []), ...made])].map(([name, password]) => `${name}\t${password}\n`).join('');
  await (before === undefined ? writeNew(file, all, privateFile) : replaceFile(file, all, privateFile));
  terminal.say(`${made.size} new passwords are in ${file}`);
  return made;
}
