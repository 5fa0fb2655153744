// A private key, made ready to sign.
import { type KeyObject, sign, type webcrypto } from 'node:crypto';
import type { Extension, X509Certificate } from '@peculiar/x509';
import { derTags } from '../der.js';
import { type KeyType, publicKeyDer } from '../keys.js';
import { type AuthorityKey, isOnToken, publicHalf, type TokenKey } from '../token/key.js';
import { crypto, x509 } from './x509.js';

type SigningAlgorithm =
  | webcrypto.RsaHashedImportParams
  | (webcrypto.EcKeyImportParams & webcrypto.EcdsaParams)
  | webcrypto.Algorithm;

const algorithms: Readonly<Record<KeyType, { readonly algorithm: SigningAlgorithm; readonly digest: string | null }>> =
  {
    'ecdsa-p256': { algorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }, digest: 'sha256' },
    'ecdsa-p384': { algorithm: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }, digest: 'sha384' },
    ed25519: { algorithm: { name: 'Ed25519' }, digest: null },
    'rsa-2048': { algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, digest: 'sha256' },
    'rsa-3072': { algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, digest: 'sha256' },
    'rsa-4096': { algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, digest: 'sha256' },
  };

export interface PrivateKey {
  readonly key: AuthorityKey;
  readonly keyType: KeyType;
}

/** An authority: what signs, and the certificate that it signs under. */
export interface Issuer extends PrivateKey {
  readonly certificatePem: string;
}

/** A private key, ready to sign certificates and CRLs. */
export interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly algorithm: SigningAlgorithm;
  /** Makes its signatures. */
  readonly crypto: webcrypto.Crypto;
  /** Signs as signatures stand in certificates and lists. */
  sign(octets: Uint8Array): Buffer;
}

/** A signing key with the certificate that it signs under. */
export interface Signer extends SigningKey {
  readonly certificate: X509Certificate;
  /** The authority's key identifier, which all that it signs carries. */
  readonly authorityKeyId: Extension;
}

export async function signingKey({ key, keyType }: PrivateKey): Promise<SigningKey> {
  const { algorithm, digest } = algorithms[keyType];
  if (isOnToken(key)) return tokenSigningKey(key, algorithm, digest);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return {
    key: await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    algorithm,
    crypto: cryptoOf(key, digest),
    sign: (octets) => sign(digest, octets, key),
  };
}

/** The library asks a key for its algorithm only: what signs is on the token. */
function tokenSigningKey(key: TokenKey, algorithm: SigningAlgorithm, digest: string | null): SigningKey {
  const raw = (octets: Uint8Array): Buffer => key.sign(digest, octets);
  return {
    key: { type: 'private', algorithm, extractable: false, usages: ['sign'] } as webcrypto.CryptoKey,
    algorithm,
    crypto: signingBy((octets) => raw(new Uint8Array(octets))),
    sign: (octets) => (key.publicKey.asymmetricKeyType === 'ec' ? derSignature(raw(octets)) : raw(octets)),
  };
}

/** r and s, one behind the other, as the SEQUENCE that stands in certificates (RFC 3279 2.2.3): shorter than 128 octets. */
function derSignature(raw: Buffer): Buffer {
  const integers = [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)].map((half) => {
    const from = half.findIndex((octet) => octet !== 0);
    const value = half.subarray(from < 0 ? half.length - 1 : from);
    const signed = (value[0] ?? 0) > 0x7f ? [Buffer.from([0]), value] : [value];
    const content = Buffer.concat(signed);
    return Buffer.concat([Buffer.from([derTags.integer, content.length]), content]);
  });
  const content = Buffer.concat(integers);
  return Buffer.concat([Buffer.from([derTags.sequence, content.length]), content]);
}

/** The library's crypto reads the key from its PEM for every signature, which takes ten times as long as to sign. */
function cryptoOf(key: KeyObject, digest: string | null): webcrypto.Crypto {
  return signingBy((octets) => sign(digest, new Uint8Array(octets), { key, dsaEncoding: 'ieee-p1363' }));
}

function signingBy(make: (octets: ArrayBuffer) => Uint8Array): webcrypto.Crypto {
  const signWith = async (_algorithm: unknown, _key: unknown, octets: ArrayBuffer): Promise<Uint8Array> => make(octets);
  return Object.create(crypto, { subtle: { value: Object.create(crypto.subtle, { sign: { value: signWith } }) } });
}

/** The key with its public half: what a request is made of. */
export async function signingPair(pair: PrivateKey) {
  const signing = await signingKey(pair);
  const publicKey = await crypto.subtle.importKey('spki', publicKeyDer(publicHalf(pair.key)), signing.algorithm, true, [
    'verify',
  ]);
  return { ...signing, keys: { privateKey: signing.key, publicKey } };
}

export async function openSigner(issuer: Issuer): Promise<Signer> {
  const certificate = new x509.X509Certificate(issuer.certificatePem);
  const subjectKeyId =
    certificate.getExtension(x509.SubjectKeyIdentifierExtension) ??
    (await x509.SubjectKeyIdentifierExtension.create(certificate.publicKey));
  const authorityKeyId = new x509.AuthorityKeyIdentifierExtension(subjectKeyId.keyId);
  return { ...(await signingKey(issuer)), certificate, authorityKeyId };
}
