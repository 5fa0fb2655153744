import { join } from 'node:path';
import { authorityFiles, authorityState, requestAuthority } from '#pki';
import { takeLock } from '../../apply/lock.js';
import { authorityOf } from '../../artifacts/desired.js';
import { pkiFolder } from '../../layout.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate cert ca-request` */
export async function caRequest(context: Context, { json }: Given): Promise<ExitCode> {
  const { terminal, dir, passphrases } = context;
  const { key, ...authority } = authorityOf(await readPlan(context));
  const { commonName, keyType, permitted } = authority;
  const common = { folder: join(dir, pkiFolder), commonName, keyType, permitted };
  const folder = join(dir, pkiFolder);
  const path = join(folder, authorityFiles.request);
  const lock = await takeLock(dir);
  try {
    if ((await authorityState(folder)).state !== 'waiting') {
      if (key === undefined) await requestAuthority({ ...common, passphrase: await passphrases.forNew() });
      else await passphrases.open((pin) => requestAuthority({ ...common, token: { uri: key, pin } }));
    }
  } finally {
    await lock.release();
  }
  if (json === true) terminal.json({ request: path });
  else terminal.result(path);
  terminal.say('have its root sign it as an authority, then: quorate cert ca-install CERTIFICATE --root ROOT');
  return exitCodes.done;
}
