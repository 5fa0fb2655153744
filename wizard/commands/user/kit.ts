import { join, resolve } from 'node:path';
import { EtcdClient } from '#cluster';
import { isFolder, makeFolder, readBytes, readText, writeNew } from '#pki';
import { shellArgument } from '#templates';
import { privateFile, publicFile } from '../../artifacts/artifact.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { readSecret } from '../../secret-input.js';
import { findKit, type KitFolder, settleKit } from '../../users/kit-folder.js';
import { type Trial, tryKit } from '../../users/try-kit.js';
import type { Context, Given } from '../command.js';

const archiveBytesMax = 1024 * 1024;

/** `quorate user kit`: exit code 1 when something of it does not work. */
export async function kit(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, signal } = context;
  const place = resolve(typeof given.kit === 'string' ? given.kit : '.');
  const found = await findKit((await isFolder(place)) ? place : await unpacked(context, place, given));
  await settleKit(found, typeof given.key === 'string' ? resolve(given.key) : undefined);
  const trials = await tried(found, signal);
  if (given.json === true) terminal.json({ name: found.name, folder: found.folder, trials });
  else for (const trial of trials) sayTrial(context, trial);
  if (trials.some(({ outcome }) => outcome === 'failed')) return exitCodes.failed;
  terminal.say(`next: . ${shellArgument(join(found.folder, `${found.name}.env`))}`);
  return exitCodes.done;
}

async function unpacked(context: Context, file: string, given: Given): Promise<string> {
  const bytes = await readBytes(file, archiveBytesMax);
  const passphrase = await readSecret(
    {
      ...{ what: 'passphrase of the kit', flag: '--passphrase', generate: false },
      descriptor: typeof given.passphraseFd === 'string' ? given.passphraseFd : undefined,
      variable: typeof given.passphraseEnv === 'string' ? given.passphraseEnv : undefined,
      known: true,
      objection: (secret) => (secret === '' ? { what: 'it is empty' } : undefined),
    },
    context.terminal,
  );
  const { unpackKit } = await import('../../users/kit-archive.js');
  const { name, files } = await unpackKit(bytes, passphrase, file);
  const folder = resolve(typeof given.out === 'string' ? given.out : name);
  await makeFolder(folder);
  for (const [file, text] of Object.entries(files))
    await writeNew(join(folder, file), text, file.endsWith('.crt') ? publicFile : privateFile);
  context.terminal.result(folder);
  return folder;
}

async function tried(
  { name, endpoints, ca, certificate, key }: KitFolder,
  signal: AbortSignal,
): Promise<readonly Trial[]> {
  const [authority, cert, secret] = await Promise.all([ca, certificate, key].map(readText));
  const tls = { ca: authority ?? '', cert: cert ?? '', key: secret ?? '' };
  const client = EtcdClient.connect({ endpoints, tls });
  try {
    return await tryKit(client, name, signal);
  } finally {
    client.close();
  }
}

const colors = { ok: 'green', failed: 'red', 'left-out': 'dim' } as const;
const labels = { ok: 'ok', failed: 'failed', 'left-out': 'not tried' } as const;

function sayTrial({ terminal }: Context, { what, outcome, said }: Trial): void {
  terminal.result(`${terminal.paint(colors[outcome], labels[outcome])} ${what}: ${said}`);
}
