import { join, resolve } from 'node:path';
import { authorityFiles, importAuthority, isTokenUri, openAuthorityKey, readBytes } from '#pki';
import { takeLock } from '../../apply/lock.js';
import { pkiFolder } from '../../layout.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';
import { givenChain } from './ca-install.js';

const keySizeMax = 65_536;

/** `quorate cert ca-import` */
export async function caImport(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, now } = context;
  const certificates = await givenChain(given);
  const { key, passphrase } = await givenKey(String(given.key), context);
  const folder = join(dir, pkiFolder);
  const lock = await takeLock(dir);
  try {
    const notes = await importAuthority({ folder, certificates, key, passphrase, now: now() });
    for (const note of notes) terminal.say(`note: ${note}`);
  } finally {
    await lock.release();
  }
  const [{ commonName, notAfter }] = certificates;
  const path = join(folder, authorityFiles.certificate);
  if (given.json === true)
    terminal.json({ certificate: path, commonName, notAfter, encrypted: passphrase !== undefined });
  const inClear = isTokenUri(String(given.key)) ? 'its key stays on the token' : 'its key is not encrypted';
  const sealed = passphrase === undefined ? inClear : 'its key is under the passphrase';
  terminal.say(`${commonName} signs from now on, until ${notAfter.toISOString()}; ${sealed}`);
  return exitCodes.done;
}

interface GivenKey {
  readonly key: Awaited<ReturnType<typeof openAuthorityKey>>;
  /** What it is kept under here: the one that it was under, or a new one. */
  readonly passphrase: string | undefined;
}

async function givenKey(text: string, { passphrases }: Context): Promise<GivenKey> {
  if (isTokenUri(text)) {
    return { key: await passphrases.open((pin) => openAuthorityKey(text, text, pin)), passphrase: undefined };
  }
  const path = resolve(text);
  const pem = (await readBytes(path, keySizeMax)).toString('utf8');
  const opened = await passphrases.open(async (passphrase) => ({
    key: await openAuthorityKey(pem, path, passphrase),
    passphrase,
  }));
  return { key: opened.key, passphrase: opened.passphrase ?? (await passphrases.forNew()) };
}
