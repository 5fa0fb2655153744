// The key of an authority, from what its file says: the key itself, in clear or under a passphrase, or where on a token it is.
import type { KeyObject } from 'node:crypto';
import { keyToPem } from './keys.js';
import { openKey } from './passphrase.js';
import { type AuthorityKey, isOnToken, openTokenKey } from './token/key.js';
import { isTokenUri } from './token/uri.js';

/**
 * @param secret the passphrase, or the token's PIN
 * @throws PkiError `passphrase-needed`, `passphrase-wrong`, `key-unreadable`, `token-refused`, `token-failed`
 */
export async function openAuthorityKey(text: string, where: string, secret?: string): Promise<AuthorityKey> {
  return isTokenUri(text) ? openTokenKey({ uri: text.trim(), pin: secret }) : openKey(text, where, secret);
}

/** The key as it is written: under the passphrase, in clear without one; of one on a token where it is. */
export async function sealed(key: AuthorityKey, passphrase: string | undefined): Promise<string> {
  if (isOnToken(key)) return `${key.uri}\n`;
  return passphrase === undefined ? keyToPem(key) : encrypted(key, passphrase);
}

async function encrypted(key: KeyObject, passphrase: string): Promise<string> {
  const { encryptKey } = await import('./key-encryption.js');
  return encryptKey(key, passphrase);
}
