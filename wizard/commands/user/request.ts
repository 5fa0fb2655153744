import { resolve } from 'node:path';
import { keyTypes } from '#pki';
import { shellArgument } from '#templates';
import { WizardError } from '../../errors.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { quoted } from '../../shown.js';
import { requestAccess } from '../../users/request.js';
import type { Context, Given } from '../command.js';

/** `quorate user request` */
export async function request({ terminal }: Context, given: Given): Promise<ExitCode> {
  const keyType = keyTypes.find((type) => type === (given.keyType ?? 'ecdsa-p256'));
  if (keyType === undefined) {
    const hint = `one of ${keyTypes.join(', ')}`;
    throw new WizardError('usage', `--key-type: there is no ${quoted(given.keyType)}`, {}, { hint });
  }
  const folder = resolve(typeof given.out === 'string' ? given.out : '.');
  const name = String(given.name);
  const keyFile = typeof given.key === 'string' ? resolve(given.key) : undefined;
  if (keyFile !== undefined && given.keyType !== undefined)
    throw new WizardError('usage', 'a key that is there has its type already: --key or --key-type');
  const { keyPath, csrPath, fingerprint, spoken } = await requestAccess({ name, folder, keyType, keyFile });
  if (given.json === true) {
    terminal.json({ name, key: keyPath, csr: csrPath, fingerprint, spoken });
    return exitCodes.done;
  }
  terminal.result(csrPath);
  const file = shellArgument(`${name}.csr`);
  const typed =
    keyFile === undefined
      ? `quorate user approve ${file} --role ROLE`
      : `quorate user renew ${shellArgument(name)} --request ${file}`;
  terminal.say(`send it to whoever runs the cluster; they type: ${typed}`);
  terminal.say(`compare the key with them by another way: ${spoken} (in full ${fingerprint})`);
  terminal.say(`${keyPath} is your key: it stays here, and nobody else needs it`);
  return exitCodes.done;
}
