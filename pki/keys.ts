// Key types and the keys themselves. Node's generator: it works on libuv's threads, so an RSA key never stalls the loop.
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
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

/** Whether a key in PEM is under a passphrase: PKCS#8's way, or that of `BEGIN EC PRIVATE KEY` with `DEK-Info`. */
export const isEncrypted = (pem: string): boolean => /^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem);

/** @throws PkiError `key-unreadable`; `where` says which key, in the words of whoever reads it. */
export function keyFromPem(pem: string, where: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const hint = isEncrypted(pem)
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

/** An exponent below makes textbook mistakes of others forgeable signatures (FIPS 186-5 5.1). */
const exponentMin = 65_537n;

/** Why a key, private or public, is not certified. */
export function keyReasons(key: KeyObject): string[] {
  const reasons = keyTypeOf(key) === undefined ? [`a key of type ${describeKey(key)} is not certified`] : [];
  const exponent = key.asymmetricKeyDetails?.publicExponent;
  if (exponent !== undefined && (exponent < exponentMin || exponent % 2n === 0n)) {
    reasons.push(`an RSA key with the exponent ${exponent} is not certified: ${exponentMin} is usual`);
  }
  return reasons;
}

/** Octets of a public key whose curve is named and whose point is whole. */
const usualLengths: Readonly<Record<string, number>> = { prime256v1: 91, secp384r1: 120 };

/**
 * The public half in its one DER form. A key that came from elsewhere may have its curve spelled out, or its point
 * compressed: OpenSSL reads both, Go neither. Through JWK both are gone.
 */
export function publicKeyDer(key: KeyObject): Buffer {
  const half = key.type === 'public' ? key : createPublicKey(key);
  const asItIs = half.export({ type: 'spki', format: 'der' });
  if (half.asymmetricKeyType !== 'ec') return asItIs;
  if (asItIs.length === usualLengths[half.asymmetricKeyDetails?.namedCurve ?? '']) return asItIs;
  const plain = createPublicKey({ key: half.export({ format: 'jwk' }), format: 'jwk' });
  return plain.export({ type: 'spki', format: 'der' });
}

/** For two persons to compare, in the form that ssh has made usual: `SHA256:` and base64, of the public key's DER form. */
export const keyFingerprint = (key: KeyObject): string =>
  `SHA256:${createHash('sha256').update(publicKeyDer(key)).digest('base64').replace(/=+$/, '')}`;

/** The same for two persons on the telephone: `3f9a 12c4 88d0 71be 0c55`, the first 80 bits. Too many to find another key for. */
export const spokenFingerprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(publicKeyDer(key))
    .digest('hex')
    .slice(0, 20)
    .replace(/(.{4})(?=.)/g, '$1 ');
