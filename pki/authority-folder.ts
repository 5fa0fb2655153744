// What an authority's folder holds: all of an authority, nothing of one, or a part, which is refused.
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { type Certificate, openCertificate, parseCertificate } from './certificate.js';
import { PkiError } from './errors.js';
import { listFolder, readText } from './files.js';
import { describeKey, type KeyType, keyFromPem, keyTypeOf } from './keys.js';

export type AuthorityState =
  | { readonly state: 'absent' }
  | { readonly state: 'whole'; readonly certificate: Certificate }
  /** Something of an authority is there, and it can't be used: the error says what, where, and the next step. */
  | { readonly state: 'broken'; readonly error: PkiError };

/** The names of an authority's files in its folder. */
export const authorityFiles = {
  certificate: 'ca.crt',
  key: 'ca.key',
  ledger: 'ledger',
  crlPem: 'ca.crl',
  crlDer: 'ca.crl.der',
} as const;

/** What signs: a certificate and its key, which belong together. */
export interface AuthorityParts {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly keyType: KeyType;
}

/** What is in the folder, without throwing for what an authority may lack. @throws PkiError what the disk says */
export async function authorityState(folder: string): Promise<AuthorityState> {
  try {
    const parts = await readParts(folder);
    return parts === undefined ? { state: 'absent' } : { state: 'whole', certificate: parts.certificate };
  } catch (error) {
    if (error instanceof PkiError && error.code === 'authority-broken') return { state: 'broken', error };
    throw error;
  }
}

/** @throws PkiError `authority-broken`, or what the disk says. Undefined when there is nothing of an authority. */
export async function readParts(folder: string): Promise<AuthorityParts | undefined> {
  const present = await listFolder(folder);
  const wanted = [authorityFiles.certificate, authorityFiles.key, authorityFiles.ledger];
  const missing = wanted.filter((name) => !present.includes(name));
  if (missing.length === wanted.length) return undefined;
  if (missing.length > 0) {
    const there = wanted.filter((name) => present.includes(name)).join(' and ');
    throw broken(folder, `it holds ${there} but no ${missing.join(' and no ')}`, missing);
  }
  return joinParts(
    folder,
    await readText(join(folder, authorityFiles.certificate)),
    await readText(join(folder, authorityFiles.key)),
  );
}

function joinParts(folder: string, certificatePem: string, keyPem: string): AuthorityParts {
  const { certificate: certificateName, key: keyName } = authorityFiles;
  const certificate = orBroken(folder, certificateName, () => parseCertificate(certificatePem, certificateName));
  const key = orBroken(folder, keyName, () => keyFromPem(keyPem, keyName));
  const keyType = keyTypeOf(key);
  if (!certificate.isAuthority) {
    throw broken(folder, `${certificateName} is not an authority's certificate`, [certificateName]);
  }
  if (keyType === undefined) {
    throw broken(folder, `${keyName} is of a type that is not used: ${describeKey(key)}`, [keyName]);
  }
  if (!openCertificate(certificatePem, certificateName).checkPrivateKey(key)) {
    throw broken(folder, `${keyName} is not the key of ${certificateName}`, [keyName]);
  }
  return { certificate, key, keyType };
}

function orBroken<Part>(folder: string, file: string, read: () => Part): Part {
  try {
    return read();
  } catch (error) {
    throw error instanceof PkiError ? broken(folder, error.message, [file], error) : error;
  }
}

function broken(folder: string, what: string, files: readonly string[], cause?: PkiError): PkiError {
  const restore = `restore ${files.join(' and ')} in ${folder} from a backup`;
  const steps = [cause?.hint, restore, 'if there is none, move the folder away and begin a new authority'];
  const hint = steps.filter((step) => step !== undefined).join('; ');
  const message = `the authority in ${folder} is broken: ${what}`;
  return new PkiError('authority-broken', message, { folder, files }, { hint, cause });
}
