// An authority's key as it lies on the disk: under a passphrase, or in clear.
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { authorityAbsent, authorityFiles, readParts } from './authority-folder.js';
import { PkiError } from './errors.js';
import { isLink, privateMode, readTextIfPresent, replaceFile } from './files.js';
import { publicKeyDer } from './keys.js';
import { sealed } from './opened-key.js';
import { checkPassphrase, openKey } from './passphrase.js';
import { isOnToken } from './token/key.js';

export interface PassphraseChange {
  readonly folder: string;
  /** The one that opens it now; passed over for a key in clear. */
  readonly current?: string | undefined;
  /** The one that opens it from now on; none leaves it in clear. */
  readonly next?: string | undefined;
}

/**
 * Puts the key of the authority under another passphrase, or takes it off. The new file takes the old one's place in one step,
 * and is opened before that: whenever this ends, the one passphrase or the other opens it.
 * @throws PkiError `authority-absent`, `authority-broken`, `passphrase-needed`, `passphrase-wrong`, `passphrase-refused`,
 * `file-exists` for a symbolic link, or what the disk says
 */
export async function changePassphrase({ folder, current, next }: PassphraseChange): Promise<void> {
  if (next !== undefined) checkPassphrase(next);
  const parts = await readParts(folder, current);
  if (parts === undefined) throw authorityAbsent(folder);
  const { key } = parts;
  if (isOnToken(key)) throw onToken(key.uri);
  const [path, rootPath] = [join(folder, authorityFiles.key), join(folder, authorityFiles.rootKey)];
  const rootPem = await readTextIfPresent(rootPath);
  const root = rootPem === undefined ? undefined : openRoot(rootPem, rootPath, { folder, current, next });
  for (const each of root === undefined ? [path] : [path, rootPath]) if (await isLink(each)) throw linked(each);
  // The root's first: if this ends between the two, what signs still opens with the old one, and the same again goes on.
  if (root !== undefined) await seal(rootPath, root, next);
  await seal(path, key, next);
}

/** After a run that ended between the two keys the root's has the new passphrase already. */
function openRoot(pem: string, path: string, { current, next }: PassphraseChange): KeyObject {
  try {
    return openKey(pem, path, current);
  } catch (error) {
    if (next === undefined || !(error instanceof PkiError) || !error.code.startsWith('passphrase-')) throw error;
    return openKey(pem, path, next);
  }
}

async function seal(path: string, key: KeyObject, passphrase: string | undefined): Promise<void> {
  const content = await sealed(key, passphrase);
  if (!publicKeyDer(openKey(content, path, passphrase)).equals(publicKeyDer(key))) {
    throw new Error(`${path}: the key was not sealed as it was`);
  }
  await replaceFile(path, content, privateMode);
}

function onToken(uri: string): PkiError {
  const hint = 'its PIN is changed with the tools of the token: pkcs11-tool --change-pin';
  return new PkiError('token-refused', `the key is on a token, and has no passphrase: ${uri}`, { uri }, { hint });
}

function linked(path: string): PkiError {
  const what = `${path} is a symbolic link: what it leads to would stay as it is`;
  const hint = 'put the key itself there, or change it where it is: openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000';
  return new PkiError('file-exists', what, { path }, { hint });
}
