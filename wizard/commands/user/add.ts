import { basename, join, resolve } from 'node:path';
import { isTaken, PkiError, readTextIfPresent, writeNew } from '#pki';
import { shellArgument } from '#templates';
import { generatePassword } from '../../apply/passwords.js';
import { privateFile } from '../../artifacts/artifact.js';
import { WizardError } from '../../errors.js';
import { kitFiles, kitFolder } from '../../layout.js';
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
  const packed = typeof given.pack === 'string' ? resolve(given.pack) : undefined;
  // Before anything is done that would have no kit in the end.
  if (packed !== undefined && (await isTaken(packed))) throw taken(packed);
  const user: User = { name, roles, password: given.password === true };
  const plan = await addUser(dir, user);
  await makeMatch(context, plan);
  const store = await storeUser(plan, user, dir, signal);
  const kit = join(dir, kitFolder(name));
  const passphrase = packed === undefined ? undefined : await pack(context, name, packed);
  if (given.json === true) {
    terminal.json({
      ...{ name, roles, kit, store: store.reached ? 'done' : 'not reached' },
      ...(packed === undefined ? {} : { packed }),
    });
    if (passphrase !== undefined) terminal.say(shownOnce(passphrase));
    return exitCodes.done;
  }
  if (packed !== undefined) terminal.result(packed);
  terminal.result(kit);
  if (store.reached) for (const line of store.done) terminal.say(line);
  else terminal.say(`the cluster is not reached (${store.reason}): quorate bootstrap adds ${name} there once it runs`);
  if (passphrase !== undefined) {
    terminal.say(shownOnce(passphrase));
    terminal.say(`they type: quorate user kit ${shellArgument(basename(packed ?? ''))}`);
    return exitCodes.done;
  }
  terminal.say(
    `the kit has their key: hand it over where nobody else reads it, or as quorate cert export ${name} --format pkcs12`,
  );
  terminal.say('a key that never leaves their machine is better: quorate user request');
  return exitCodes.done;
}

const shownOnce = (passphrase: string): string =>
  `passphrase of the packed kit: ${passphrase}\nit is shown this once, and kept nowhere: give it to them by another way than the file`;

const taken = (path: string): PkiError =>
  new PkiError('file-exists', `${path} is there already`, { path }, { hint: 'name another file with --pack' });

/** The kit as one file under a passphrase. @returns that. @throws PkiError `file-exists` */
async function pack({ dir }: Context, name: string, file: string): Promise<string> {
  const { ca, certificate, key, environment, letter, password } = kitFiles(name);
  const paths = [ca, certificate, key, environment, letter, password];
  const texts = await Promise.all(paths.map((path) => readTextIfPresent(join(dir, path))));
  const files = Object.fromEntries(
    paths.flatMap((path, place) => {
      const text = texts[place];
      return text === undefined ? [] : [[basename(path), text] as const];
    }),
  );
  const passphrase = generatePassword();
  const { packKit } = await import('../../users/kit-archive.js');
  await writeNew(file, await packKit({ kit: 1, name, files }, passphrase), privateFile);
  return passphrase;
}
