// A certificate and its key at their two paths: what is there, whether it is what is wanted, and writing it.
import type { KeyObject } from 'node:crypto';
import { parseCertificates } from './bundle.js';
import { type Certificate, isKeyOf, openCertificate, signedBy } from './certificate.js';
import { type AuthorityChain, betweenOf, pemOf } from './chain.js';
import { parseCertificateRequest } from './csr.js';
import { PkiError } from './errors.js';
import {
  privateMode,
  publicMode,
  readText,
  readTextIfPresent,
  removeFile,
  replaceFile,
  replaceTogether,
  writeNew,
} from './files.js';
import { keyFromPem, keyToPem } from './keys.js';
import { grantedNames, organizationOf, type Request } from './policy.js';
import { profileName, profileOf } from './profiles.js';

export interface KeyPairPaths {
  readonly certificate: string;
  readonly key: string;
}

/** Why an existing certificate is not the one that is wanted. */
export interface Mismatch {
  readonly about:
    | 'certificate'
    | 'key'
    | 'authority'
    | 'chain'
    | 'validity'
    | 'commonName'
    | 'organization'
    | 'names'
    | 'usages';
  readonly reason: string;
}

/** What lies at a key pair's two paths. Holds no secret. */
export interface ExistingKeyPair {
  readonly certificate: Certificate | undefined;
  /** What stands behind it in its file, in PEM. */
  readonly between?: string;
  readonly key: 'absent' | 'alone' | 'matches' | 'differs';
}

/** What writeKeyPair puts down. */
export interface KeyPair {
  readonly keyPem: string;
  /** The leaf, then whatever stands between it and the root. */
  readonly chainPem: string;
}

/** The key at `path` in PEM, for issuing again under the same key. */
export const readKeyIfPresent = readTextIfPresent;

/** @throws PkiError `key-unreadable`, or what the disk says */
export const readPrivateKey = async (path: string): Promise<KeyObject> => keyFromPem(await readText(path), path);

/** @throws PkiError when a file is there and can't be read, or holds something else. */
export async function observeKeyPair({ certificate, key }: KeyPairPaths): Promise<ExistingKeyPair> {
  const [certificatePem, keyPem] = await Promise.all([readTextIfPresent(certificate), readTextIfPresent(key)]);
  const presented = certificatePem === undefined ? undefined : presentedIn(certificatePem, certificate);
  if (keyPem === undefined) return { certificate: undefined, ...presented, key: 'absent' };
  const privateKey = keyFromPem(keyPem, key);
  if (presented === undefined) return { certificate: undefined, key: 'alone' };
  const matches = openCertificate(presented.certificate.pem, certificate).checkPrivateKey(privateKey);
  return { ...presented, key: matches ? 'matches' : 'differs' };
}

function presentedIn(pem: string, path: string): { readonly certificate: Certificate; readonly between: string } {
  const [certificate, ...between] = parseCertificates(Buffer.from(pem), path);
  return { certificate, between: pemOf(between) };
}

/** The same for a key that is elsewhere: what lies here of it is the request that it signed. */
export async function observeCertified(paths: {
  readonly certificate: string;
  readonly csr: string;
}): Promise<ExistingKeyPair> {
  const [certificatePem, request] = await Promise.all([
    readTextIfPresent(paths.certificate),
    readTextIfPresent(paths.csr),
  ]);
  const presented = certificatePem === undefined ? undefined : presentedIn(certificatePem, paths.certificate);
  if (request === undefined) return { certificate: undefined, ...presented, key: 'absent' };
  const { publicKey } = parseCertificateRequest(Buffer.from(request), paths.csr);
  if (presented === undefined) return { certificate: undefined, key: 'alone' };
  return { ...presented, key: isKeyOf(publicKey, presented.certificate) ? 'matches' : 'differs' };
}

/**
 * Every way in which what is there is not what is wanted at `now`; none means that there is nothing to issue.
 * The lifetime that was asked for and the key's type are not compared: they are for what is issued next.
 */
export function mismatches(
  existing: ExistingKeyPair,
  wanted: Omit<Request, 'days'>,
  authority: AuthorityChain,
  now: Date,
): Mismatch[] {
  const { certificate, key, between } = existing;
  const missing: Mismatch[] = [];
  if (key === 'absent') missing.push({ about: 'key', reason: 'there is no key' });
  if (key === 'differs') missing.push({ about: 'key', reason: 'the key is not the one of the certificate' });
  if (certificate === undefined) return [...missing, { about: 'certificate', reason: 'there is no certificate' }];
  const trust = trustMismatches(certificate, authority.certificate, now);
  if (trust.length === 0 && between !== undefined && between !== pemOf(betweenOf(authority))) {
    trust.push({ about: 'chain', reason: 'what stands behind it is not what leads to the root' });
  }
  return [...missing, ...trust, ...contentMismatches(certificate, wanted)];
}

function trustMismatches(certificate: Certificate, ca: Certificate, now: Date): Mismatch[] {
  const found: Mismatch[] = [];
  if (!signedBy(certificate, ca)) found.push({ about: 'authority', reason: `${ca.commonName} did not sign it` });
  if (now >= certificate.notAfter) {
    found.push({ about: 'validity', reason: `it expired at ${certificate.notAfter.toISOString()}` });
  }
  if (now < certificate.notBefore) {
    found.push({ about: 'validity', reason: `it is not valid before ${certificate.notBefore.toISOString()}` });
  }
  return found;
}

function contentMismatches(certificate: Certificate, wanted: Omit<Request, 'days'>): Mismatch[] {
  const found: Mismatch[] = [];
  if (certificate.commonName !== wanted.commonName) {
    found.push({ about: 'commonName', reason: `it is ${certificate.commonName}, not ${wanted.commonName}` });
  }
  const organization = organizationOf(wanted);
  if (certificate.organization !== organization) {
    found.push({
      about: 'organization',
      reason: `it ${presence(certificate.organization)}, not ${organization ?? 'none'}`,
    });
  }
  const has = new Set(certificate.names.map(({ value }) => value));
  const wants = new Set(grantedNames(wanted.names).map(({ value }) => value));
  for (const name of wants) if (!has.has(name)) found.push({ about: 'names', reason: `${name} is missing` });
  const surplus = [...[...has].filter((name) => !wants.has(name)), ...certificate.otherNames];
  for (const name of surplus) found.push({ about: 'names', reason: `${name} is no longer wanted` });
  const usages = profileOf(wanted.profile).extendedUsages;
  if (usages.toSorted().join() !== certificate.extendedUsages.toSorted().join()) {
    found.push({
      about: 'usages',
      reason: `a ${profileName(wanted.profile)} certificate is for ${usages.join(' and ')}`,
    });
  }
  return found;
}

const presence = (organization: string | undefined): string =>
  organization === undefined ? 'has none' : `is ${organization}`;

/**
 * The key first, and never over another one; then the certificate, in place of whatever certificate is there. Stopped
 * between the two, a second run finds a key alone and has it certified.
 * @throws PkiError `file-exists` when another key is there
 */
export async function writeKeyPair(paths: KeyPairPaths, { keyPem, chainPem }: KeyPair): Promise<void> {
  try {
    await writeNew(paths.key, keyPem, privateMode);
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'file-exists') throw error;
    if (!(await isSameKey(paths.key, keyPem))) throw error;
  }
  await replaceFile(paths.certificate, chainPem, publicMode);
}

/**
 * A new key and its certificate in place of those that are there. Killed between the two, the next apply finds a certificate
 * that is not the key's, and has the new key certified. A member that reads in between keeps the pair that it has; etcd,
 * which reads both for each handshake, would refuse one.
 */
export const replaceKeyPair = (paths: KeyPairPaths, { keyPem, chainPem }: KeyPair): Promise<void> =>
  replaceTogether([
    { path: paths.key, content: keyPem, mode: privateMode },
    { path: paths.certificate, content: chainPem, mode: publicMode },
  ]);

/**
 * A certificate, with its key or without, where nothing was before. When the certificate can't be put down the key that
 * was goes again: the next run starts as this one did.
 * @throws PkiError `file-exists`, or what the disk says
 */
export async function writeNewCertificate(
  paths: { readonly certificate: string; readonly key?: string },
  { chainPem, keyPem }: { readonly chainPem: string; readonly keyPem?: string },
): Promise<void> {
  const { certificate, key } = paths;
  if (key === undefined || keyPem === undefined) return writeNew(certificate, chainPem, publicMode);
  return writeBoth([key, keyPem], [certificate, chainPem]);
}

/** The same for a key and the request that it signed. */
export const writeRequest = (
  paths: { readonly key: string; readonly csr: string },
  keyPem: string,
  csrPem: string,
): Promise<void> => writeBoth([paths.key, keyPem], [paths.csr, csrPem]);

type Written = readonly [path: string, content: string];

async function writeBoth(secret: Written, published: Written): Promise<void> {
  try {
    await writeNew(...secret, privateMode);
    await writeNew(...published, publicMode);
  } catch (error) {
    for (const written of [published, secret]) await withdraw(written).catch(() => {});
    throw error;
  }
}

/** What is there is this run's if it is the same: no two keys, requests or certificates are. */
async function withdraw([path, content]: Written): Promise<void> {
  if ((await readTextIfPresent(path)) === content) await removeFile(path);
}

async function isSameKey(path: string, keyPem: string): Promise<boolean> {
  const existing = keyFromPem(await readText(path), path);
  return keyToPem(existing) === keyToPem(keyFromPem(keyPem, 'what was issued'));
}
