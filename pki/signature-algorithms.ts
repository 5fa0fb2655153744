// How certificates, requests and revocation lists may be signed, by object identifier.
import { constants, type KeyObject, verify } from 'node:crypto';

/** The key that it takes, and Node's name for the digest. */
export const signatureAlgorithms: Readonly<Record<string, readonly [keyType: string, digest: string | null]>> = {
  '1.2.840.113549.1.1.11': ['rsa', 'sha256'],
  '1.2.840.113549.1.1.12': ['rsa', 'sha384'],
  '1.2.840.113549.1.1.13': ['rsa', 'sha512'],
  '1.2.840.10045.4.3.2': ['ec', 'sha256'],
  '1.2.840.10045.4.3.3': ['ec', 'sha384'],
  '1.2.840.10045.4.3.4': ['ec', 'sha512'],
  '1.3.101.112': ['ed25519', null],
};

/** Forgeable: by the digest that makes them so. */
export const weakSignatureAlgorithms: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.3': 'MD4',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
};

/** Whether `key` has signed `signed`. False for algorithms that are not read here, and for keys that go with another one. */
export function signatureHolds(oid: string, key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  const [keyType, digest = null] = signatureAlgorithms[oid] ?? [];
  if (keyType === undefined || keyType !== key.asymmetricKeyType) return false;
  const padding = keyType === 'rsa' ? { padding: constants.RSA_PKCS1_PADDING } : {};
  return verify(digest, signed, { key, ...padding }, signature);
}
