import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { observeKeyPair, readText, readTextIfPresent, replaceFile, writeNew } from '#pki';
import { shellWord } from '#templates';
import { privateFile } from '../artifacts/artifact.js';
import { WizardError } from '../errors.js';
import { userNameRule } from '../plan/rules.js';
import { quoted } from '../shown.js';

/** A kit on the machine of whoever uses it. Paths are absolute. */
export interface KitFolder {
  readonly name: string;
  readonly folder: string;
  readonly endpoints: readonly string[];
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const pathsIn = (folder: string, name: string) => ({
  ca: join(folder, 'ca.crt'),
  certificate: join(folder, `${name}.crt`),
  key: join(folder, `${name}.key`),
  environment: join(folder, `${name}.env`),
});

/** @throws WizardError `files-refused` when the folder is no kit; PkiError what the disk says */
export async function findKit(folder: string): Promise<KitFolder> {
  const names = await readdir(folder).catch((cause: Error) => {
    throw noKit(`${folder} can't be read: ${cause.message}`, cause);
  });
  const [environment, ...more] = names.filter((name) => name.endsWith('.env'));
  if (environment === undefined || more.length > 0)
    throw noKit(`${folder} is no kit: it holds ${more.length > 0 ? 'several settings' : 'no settings'}, NAME.env`);
  const name = basename(environment, '.env');
  if (userNameRule(name) !== undefined) throw noKit(`${folder} is no kit: ${quoted(name)} is no user's name`);
  const settings = await readText(join(folder, environment));
  const strange = settings.split('\n').find((line) => !settingLine.test(line));
  if (strange !== undefined)
    throw tampered(`${join(folder, environment)} has a line that is no setting of etcdctl: ${quoted(strange)}`);
  const [, endpoints = ''] = /^export ETCDCTL_ENDPOINTS='?([^'\n]*)'?$/m.exec(settings) ?? [];
  const { ca, certificate, key } = pathsIn(folder, name);
  return { name, folder, endpoints: endpoints.split(',').filter((each) => each !== ''), ca, certificate, key };
}

/** A shell is going to read it: nothing but settings stands in it, each in quotes that end. */
const settingLine = /^(?:#.*|export ETCDCTL_[A-Z_]+=(?:'[^']*'|\\'|[\w@%+=:,./-])*|)$/;

/** Of a kit that is not as anybody made it. */
const tampered = (what: string): WizardError =>
  new WizardError(
    'files-refused',
    what,
    {},
    { hint: 'use nothing of it, and have the kit sent again, by another way' },
  );

const noKit = (what: string, cause?: unknown): WizardError =>
  new WizardError(
    'files-refused',
    what,
    {},
    { hint: 'name the folder that you were sent, with NAME.crt, ca.crt and NAME.env', cause },
  );

/**
 * Puts the key where it belongs, and the folder's own paths into the settings: whoever made them had it elsewhere. Another key is
 * never overwritten. May be done again.
 * @throws PkiError `file-exists`, `key-unreadable` · WizardError `files-refused` without a key, or with another one
 */
export async function settleKit(
  { name, folder, key, certificate }: KitFolder,
  keyFile: string | undefined,
): Promise<void> {
  if (keyFile !== undefined && keyFile !== key && (await readTextIfPresent(key)) !== (await readText(keyFile)))
    await writeNew(key, await readText(keyFile), privateFile);
  const { key: state, certificate: found } = await observeKeyPair({ certificate, key });
  if (state === 'absent') {
    const hint = `quorate user kit ${folder} --key ${name}.key, the file that quorate user request made`;
    throw new WizardError('files-refused', `there is no key in ${folder}`, { folder }, { hint });
  }
  if (state !== 'matches') {
    const hint = 'send the request that was made with this key, or look for the other key';
    throw new WizardError('files-refused', `${key} is not the key of ${certificate}`, { key }, { hint });
  }
  if (found !== undefined && found.commonName !== name)
    throw tampered(`${certificate} is ${quoted(found.commonName)}'s, and not ${name}'s`);
  const { ca, environment } = pathsIn(folder, name);
  const settings = await readText(environment);
  const paths = { CACERT: ca, CERT: certificate, KEY: key };
  const own = Object.entries(paths).reduce(
    (text, [variable, path]) =>
      text.replace(
        new RegExp(`^export ETCDCTL_${variable}=.*$`, 'm'),
        () => `export ETCDCTL_${variable}=${shellWord(path)}`,
      ),
    settings,
  );
  if (own === settings) return;
  // The letter first: where the kit was before is in the settings.
  await movedLetter(folder, settings);
  await replaceFile(environment, own, privateFile);
}

/** Its commands name the folder that it was made in. */
async function movedLetter(folder: string, settings: string): Promise<void> {
  const [, before] = /^export ETCDCTL_CACERT='?(.*)\/ca\.crt'?$/m.exec(settings) ?? [];
  const path = join(folder, 'README.md');
  const letter = await readTextIfPresent(path);
  if (letter === undefined || before === undefined || before === '') return;
  await replaceFile(
    path,
    letter.replaceAll(`${before}/`, () => `${folder}/`),
    privateFile,
  );
}
