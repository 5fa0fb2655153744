import { join, resolve } from 'node:path';
import { authorityFiles, type Certificate, installAuthority, readCertificates } from '#pki';
import { takeLock } from '../../apply/lock.js';
import { pkiFolder } from '../../layout.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';

/** The certificate, and what it is signed by: behind it in its file, and in the root's. */
export async function givenChain({ certificate, root }: Given): Promise<readonly [Certificate, ...Certificate[]]> {
  const chain = await readCertificates(resolve(String(certificate)));
  return typeof root === 'string' ? [...chain, ...(await readCertificates(resolve(root)))] : chain;
}

/** `quorate cert ca-install` */
export async function caInstall(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, passphrases, now } = context;
  const folder = join(dir, pkiFolder);
  const certificates = await givenChain(given);
  const lock = await takeLock(dir);
  try {
    const notes = await passphrases.open((passphrase) =>
      installAuthority({ folder, certificates, passphrase, now: now() }),
    );
    for (const note of notes) terminal.say(`note: ${note}`);
  } finally {
    await lock.release();
  }
  const [{ commonName, notAfter }] = certificates;
  const path = join(folder, authorityFiles.certificate);
  if (given.json === true) terminal.json({ certificate: path, commonName, notAfter });
  terminal.say(`${commonName} signs from now on, until ${notAfter.toISOString()}: quorate apply goes on`);
  return exitCodes.done;
}
