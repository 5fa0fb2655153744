import { join } from 'node:path';
import { authorityFiles, changePassphrase } from '#pki';
import { takeLock } from '../../apply/lock.js';
import { openAuthorityOf } from '../../authority.js';
import { WizardError } from '../../errors.js';
import { pkiFolder } from '../../layout.js';
import { askNew, newPassphraseOf } from '../../passphrases.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { newPassphraseVariable } from '../../secret-variables.js';
import type { Context, Given } from '../command.js';
import { checkPlanIsThere } from '../plan-file.js';

/** `quorate cert passphrase` */
export async function passphrase(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, passphrases } = context;
  await checkPlanIsThere(context);
  const folder = join(dir, pkiFolder);
  // Whoever can't open it is told before they think of a new one.
  await (await openAuthorityOf(context)).close();
  const next = await nextOf(context, given);
  const lock = await takeLock(dir);
  try {
    await passphrases.open((current) => changePassphrase({ folder, current, next }));
  } finally {
    await lock.release();
  }
  const key = join(folder, authorityFiles.key);
  if (given.json === true) terminal.json({ key, encrypted: next !== undefined });
  if (next === undefined) terminal.say(`${key} is in clear now: whoever reads it can make certificates`);
  else terminal.say(`${key} is encrypted; copies that were made of it before open as they did`);
  return exitCodes.done;
}

async function nextOf(
  { terminal, environment }: Context,
  { remove, newPassphraseFd }: Given,
): Promise<string | undefined> {
  const descriptor = typeof newPassphraseFd === 'string' ? newPassphraseFd : undefined;
  const next = await newPassphraseOf(descriptor, environment);
  if (remove === true) {
    if (next === undefined) return undefined;
    throw new WizardError(
      'usage',
      'there is a new passphrase, and --remove takes it off',
      {},
      { hint: 'give one of the two' },
    );
  }
  if (next !== undefined) return next;
  if (!terminal.interactive) {
    const hint = `--new-passphrase-fd N or ${newPassphraseVariable}; --remove takes it off`;
    throw new WizardError('usage', 'there is no new passphrase, and no terminal to ask on', {}, { hint });
  }
  const typed = await askNew("The new passphrase of the authority's key");
  if (typed !== '') return typed;
  throw new WizardError('cancelled', 'nothing was changed', {}, { hint: '--remove leaves the key in clear' });
}
