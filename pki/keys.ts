// Key types and the keys themselves. Node's generator: it works on libuv's threads, so an RSA key never stalls the loop.
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { PkiError } from './errors.js';

export const keyTypes = ['ecdsa-p256', 'ecdsa-p384', 'ed25519', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;
export type KeyType = (typeof keyTypes)[number];

const generate = promisify(generateKeyPair);

const generators: Readonly<Record<KeyType, () => Promise<{ privateKey: KeyObject }>>> = {
  'ecdsa-p256': () => generate('ec', { namedCurve: 'prime256v1' }),
  'ecdsa-p384': () => generate('ec', { namedCurve: 'secp384r1' }),
  ed25519: () => generate('ed25519'),
  'rsa-2048': () => generate('rsa', { modulusLength: 2048 }),
  'rsa-3072': () => generate('rsa', { modulusLength: 3072 }),
  'rsa-4096': () => generate('rsa', { modulusLength: 4096 }),
};

export async function generateKey(type: KeyType): Promise<KeyObject> {
  const { privateKey } = await generators[type]();
  return privateKey;
}

/** PKCS#8, which every reader takes whatever the key's type. */
export const keyToPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** @throws PkiError `key-unreadable`; `where` says which key, in the words of whoever reads it. */
export function keyFromPem(pem: string, where: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const encrypted = /ENCRYPTED/.test(pem);
    const hint = encrypted
      ? 'it is encrypted: take the passphrase off with "openssl pkey -in KEY -out KEY.plain"'
      : 'a private key in PEM begins with -----BEGIN PRIVATE KEY-----';
    throw new PkiError('key-unreadable', `${where} holds no private key that can be read`, { where }, { hint, cause });
  }
}

const curves: Readonly<Record<string, KeyType>> = { prime256v1: 'ecdsa-p256', secp384r1: 'ecdsa-p384' };

/** The type's name, or undefined for a key that is none of ours (another curve, RSA-1024, DSA). */
export function keyTypeOf(key: KeyObject): KeyType | undefined {
  const { modulusLength, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') return curves[namedCurve];
  const name = key.asymmetricKeyType === 'rsa' ? `rsa-${modulusLength}` : key.asymmetricKeyType;
  return keyTypes.find((type) => type === name);
}

/** What the key is, for a message: `rsa 1024`, `ec secp256k1`. */
export function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return `${key.asymmetricKeyType ?? 'unknown'} ${namedCurve ?? modulusLength ?? ''}`.trim();
}
