// A private key, made ready to sign.
import type { KeyObject, webcrypto } from 'node:crypto';
import type { Extension, X509Certificate } from '@peculiar/x509';
import type { KeyType } from './keys.js';
import { crypto, x509 } from './x509.js';

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
  /** The authority's key identifier, which all that it signs carries. */
  readonly authorityKeyId: Extension;
}

export async function signingKey(key: KeyObject, type: KeyType): Promise<SigningKey> {
  const algorithm = algorithms[type];
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return { key: await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']), algorithm };
}

export async function openSigner(certificatePem: string, key: KeyObject, type: KeyType): Promise<Signer> {
  const certificate = new x509.X509Certificate(certificatePem);
  const subjectKeyId =
    certificate.getExtension(x509.SubjectKeyIdentifierExtension) ??
    (await x509.SubjectKeyIdentifierExtension.create(certificate.publicKey));
  const authorityKeyId = new x509.AuthorityKeyIdentifierExtension(subjectKeyId.keyId);
  return { ...(await signingKey(key, type)), certificate, authorityKeyId };
}
