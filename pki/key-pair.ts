// A certificate and its key at their two paths: what is there, whether it is what is wanted, and writing it.
import { type Certificate, openCertificate, parseCertificate, signedBy } from './certificate.js';
import { PkiError } from './errors.js';
import { privateMode, publicMode, readText, readTextIfPresent, replaceFile, writeNew } from './files.js';
import { keyFromPem } from './keys.js';
import { grantedNames, type Request } from './policy.js';
import { profiles } from './profiles.js';

export interface KeyPairPaths {
  readonly certificate: string;
  readonly key: string;
}

/** Why an existing certificate is not the one that is wanted. */
export interface Mismatch {
  readonly about: 'certificate' | 'key' | 'authority' | 'validity' | 'commonName' | 'organization' | 'names' | 'usages';
  readonly reason: string;
}

/** What lies at a key pair's two paths. Holds no secret. */
export interface ExistingKeyPair {
  readonly certificate: Certificate | undefined;
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

/** @throws PkiError when a file is there and can't be read, or holds something else. */
export async function observeKeyPair({ certificate, key }: KeyPairPaths): Promise<ExistingKeyPair> {
  const [certificatePem, keyPem] = await Promise.all([readTextIfPresent(certificate), readTextIfPresent(key)]);
  const parsed = certificatePem === undefined ? undefined : parseCertificate(certificatePem, certificate);
  if (keyPem === undefined) return { certificate: parsed, key: 'absent' };
  const privateKey = keyFromPem(keyPem, key);
  if (parsed === undefined) return { certificate: undefined, key: 'alone' };
  const matches = openCertificate(parsed.pem, certificate).checkPrivateKey(privateKey);
  return { certificate: parsed, key: matches ? 'matches' : 'differs' };
}

/**
 * Every way in which what is there is not what is wanted at `now`; none means that there is nothing to issue.
 * The lifetime that was asked for and the key's type are not compared: they are for what is issued next.
 */
export function mismatches(
  existing: ExistingKeyPair,
  wanted: Omit<Request, 'days'>,
  ca: Certificate,
  now: Date,
): Mismatch[] {
  const { certificate, key } = existing;
  const missing: Mismatch[] = [];
  if (key === 'absent') missing.push({ about: 'key', reason: 'there is no key' });
  if (key === 'differs') missing.push({ about: 'key', reason: 'the key is not the one of the certificate' });
  if (certificate === undefined) return [...missing, { about: 'certificate', reason: 'there is no certificate' }];
  return [...missing, ...trustMismatches(certificate, ca, now), ...contentMismatches(certificate, wanted)];
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
  if (certificate.organization !== wanted.organization) {
    found.push({
      about: 'organization',
      reason: `it ${presence(certificate.organization)}, not ${wanted.organization ?? 'none'}`,
    });
  }
  const has = new Set(certificate.names.map(({ value }) => value));
  const wants = new Set(grantedNames(wanted.names).map(({ value }) => value));
  for (const name of wants) if (!has.has(name)) found.push({ about: 'names', reason: `${name} is missing` });
  const surplus = [...[...has].filter((name) => !wants.has(name)), ...certificate.otherNames];
  for (const name of surplus) found.push({ about: 'names', reason: `${name} is no longer wanted` });
  const usages = profiles[wanted.profile].extendedUsages;
  if (usages.toSorted().join() !== certificate.extendedUsages.toSorted().join()) {
    found.push({ about: 'usages', reason: `a ${wanted.profile} certificate is for ${usages.join(' and ')}` });
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

async function isSameKey(path: string, keyPem: string): Promise<boolean> {
  const existing = keyFromPem(await readText(path), path);
  return existing.equals(keyFromPem(keyPem, 'what was issued'));
}
