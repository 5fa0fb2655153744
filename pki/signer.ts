// The signing end: @peculiar/x509 with @peculiar/webcrypto. Together they take some 0.2 s to load, so only what signs
// imports this file, and authority.ts imports those when there is something to sign.
import 'reflect-metadata';
import type { KeyObject, webcrypto } from 'node:crypto';
import { Crypto } from '@peculiar/webcrypto';
import { cryptoProvider, SubjectKeyIdentifierExtension, X509Certificate } from '@peculiar/x509';
import type { KeyType } from './keys.js';

const crypto = new Crypto();
cryptoProvider.set(crypto);

type SigningAlgorithm =
  | webcrypto.RsaHashedImportParams
  | (webcrypto.EcKeyImportParams & webcrypto.EcdsaParams)
  | webcrypto.Algorithm;

const algorithms: Readonly<Record<KeyType, SigningAlgorithm>> = {
  'ecdsa-p256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ecdsa-p384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  ed25519: { name: 'Ed25519' },
  'rsa-2048': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  'rsa-3072': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  'rsa-4096': { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
};

/** A private key, ready to sign certificates and CRLs. */
export interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: SigningAlgorithm;
}

/** A signing key with the certificate that it signs under. */
export interface Signer extends SigningKey {
  readonly certificate: X509Certificate;
  /** The authority's subject key identifier, hexadecimal: the AKI of all that it signs. */
  readonly keyId: string;
}

export async function signingKey(key: KeyObject, type: KeyType): Promise<SigningKey> {
  const algorithm = algorithms[type];
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return { key: await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']), algorithm };
}

export async function openSigner(certificatePem: string, key: KeyObject, type: KeyType): Promise<Signer> {
  const certificate = new X509Certificate(certificatePem);
  const keyId =
    certificate.getExtension(SubjectKeyIdentifierExtension)?.keyId ??
    (await SubjectKeyIdentifierExtension.create(certificate.publicKey)).keyId;
  return { ...(await signingKey(key, type)), certificate, keyId };
}
