// Keys under a passphrase, as they are read; key-encryption.ts, which is loaded late, writes them.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { DerError, derTags, readInside, readValue } from './der.js';
import { PkiError } from './errors.js';
import { isEncrypted, keyFromPem } from './keys.js';
import { derOf } from './pem.js';

const lengthMin = 8;
/** OpenSSL's own bound, PEM_BUFSIZE: what is longer no tool could type. */
const bytesMax = 1024;

/** What is wrong with a passphrase that somebody wants to use from now on. */
export function passphraseReasons(passphrase: string): string[] {
  const reasons: string[] = [];
  const [length, bytes] = [[...passphrase].length, Buffer.byteLength(passphrase)];
  if (length < lengthMin) reasons.push(`a passphrase has at least ${lengthMin} characters, this one has ${length}`);
  if (bytes > bytesMax) reasons.push(`a passphrase has at most ${bytesMax} bytes, this one has ${bytes}`);
  if (/\p{Cc}/u.test(passphrase)) reasons.push('a passphrase may not have control characters');
  return reasons;
}

/** @throws PkiError `passphrase-refused` */
export function checkPassphrase(passphrase: string): void {
  const reasons = passphraseReasons(passphrase);
  if (reasons.length > 0) throw new PkiError('passphrase-refused', reasons.join('; '));
}

/**
 * The key, with the passphrase if it is under one. Of a key that is in clear none is asked, and one that is given is passed over.
 * @throws PkiError `passphrase-needed`, `passphrase-wrong`, `key-unreadable`
 */
export function openKey(pem: string, where: string, passphrase?: string): KeyObject {
  if (!isEncrypted(pem)) return keyFromPem(pem, where);
  checkEnvelope(pem, where);
  if (passphrase === undefined) {
    const hint = 'at a terminal it is asked for; else --ca-passphrase-fd N reads it, or QUORATE_CA_PASSPHRASE has it';
    throw new PkiError(
      'passphrase-needed',
      `${where} is encrypted, and nothing gives its passphrase`,
      { where },
      { hint },
    );
  }
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch (cause) {
    // After a wrong passphrase now and then the padding fits, and what is in it does not: all failures are this one.
    const hint = `openssl pkey -noout -in ${where} asks for it too; if that refuses the right one, the file is damaged`;
    throw new PkiError('passphrase-wrong', `the passphrase does not open ${where}`, { where }, { hint, cause });
  }
}

/** That an encrypted key is whole, which can be said without its passphrase. @throws PkiError `key-unreadable` */
export function checkEnvelope(pem: string, where: string): void {
  const label = 'ENCRYPTED PRIVATE KEY';
  if (!pem.includes(`-----BEGIN ${label}-----`)) return;
  const der = derOf(Buffer.from(pem), { code: 'key-unreadable', what: 'encrypted key', labels: [label], where });
  try {
    readInside(readValue(der), derTags.sequence, 'the encrypted key');
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    const hint = 'restore it from a backup: it was cut off, or changed';
    throw new PkiError('key-unreadable', `${where} is damaged: ${cause.message}`, { where }, { hint, cause });
  }
}
