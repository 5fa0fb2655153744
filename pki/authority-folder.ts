// What an authority's folder holds: all of an authority, nothing of one, or a part, which is refused.
import { join } from 'node:path';
import { parseCertificates } from './bundle.js';
import { isKeyOf } from './certificate.js';
import { type AuthorityChain, issuersOf, rootOf } from './chain.js';
import { PkiError } from './errors.js';
import { listFolder, readText } from './files.js';
import { describeKey, isEncrypted, type KeyType } from './keys.js';
import { openAuthorityKey } from './opened-key.js';
import { checkEnvelope } from './passphrase.js';
import { type AuthorityKey, authorityKeyType, isOnToken, publicHalf } from './token/key.js';
import { isTokenUri } from './token/uri.js';

export type AuthorityState =
  | { readonly state: 'absent' }
  /** An encrypted key is looked at from outside only: whether it is the certificate's is seen when it is opened. */
  | ({
      readonly state: 'whole';
      readonly keyIsEncrypted: boolean;
      /** Where on a token it is. */
      readonly keyUri?: string;
    } & AuthorityChain)
  /** Its root is elsewhere, and has not signed its request yet. */
  | { readonly state: 'waiting'; readonly error: PkiError }
  /** Something of an authority is there, and it can't be used: the error says what, where, and the next step. */
  | { readonly state: 'broken'; readonly error: PkiError };

/** The names of an authority's files in its folder. */
export const authorityFiles = {
  /** What signs, and behind it what it is signed by, up to the root. */
  certificate: 'ca.crt',
  key: 'ca.key',
  ledger: 'ledger.mdb',
  /** Of JSON lines, before there was the other one. It is taken over. */
  oldLedger: 'ledger',
  crlPem: 'ca.crl',
  crlDer: 'ca.crl.der',
  /** Of a root that was made here and signs nothing but what is in ca.crt: needed for that alone. */
  rootCertificate: 'root.crt',
  rootKey: 'root.key',
  /** Of an intermediate whose root is kept elsewhere. */
  request: 'ca.csr',
} as const;

/** What signs: a certificate and its key, which belong together. */
export interface AuthorityParts extends AuthorityChain {
  readonly key: AuthorityKey;
  readonly keyType: KeyType;
}

/** What is in the folder, without throwing for what an authority may lack. @throws PkiError what the disk says */
export async function authorityState(folder: string): Promise<AuthorityState> {
  try {
    const files = await readFiles(folder);
    if (files === undefined) return { state: 'absent' };
    const keyIsEncrypted = isEncrypted(files.keyPem) || isTokenUri(files.keyPem);
    const place = isTokenUri(files.keyPem) ? { keyUri: files.keyPem.trim() } : {};
    if (keyIsEncrypted) return { state: 'whole', ...outside(folder, files), keyIsEncrypted, ...place };
    const { certificate, issuers } = await joinParts(folder, files);
    return { state: 'whole', certificate, issuers, keyIsEncrypted };
  } catch (error) {
    if (error instanceof PkiError && error.code === 'authority-broken') return { state: 'broken', error };
    if (error instanceof PkiError && error.code === 'authority-waiting') return { state: 'waiting', error };
    throw error;
  }
}

/**
 * @throws PkiError `authority-broken`, `passphrase-needed`, `passphrase-wrong`, or what the disk says. Undefined when there is
 * nothing of an authority.
 */
export async function readParts(folder: string, passphrase?: string): Promise<AuthorityParts | undefined> {
  const files = await readFiles(folder);
  return files === undefined ? undefined : joinParts(folder, files, passphrase);
}

/** What whoever verifies has to trust, in PEM: the root. @throws PkiError `authority-broken`, `authority-absent`, or what the disk says */
export async function readTrust(folder: string): Promise<string> {
  const files = await readFiles(folder);
  if (files === undefined) throw authorityAbsent(folder);
  return rootOf(outside(folder, files)).pem;
}

export function authorityWaiting(folder: string): PkiError {
  const request = join(folder, authorityFiles.request);
  const hint = `have its root sign ${request} as an authority, then: quorate cert ca-install CERTIFICATE --root ROOT`;
  return new PkiError(
    'authority-waiting',
    `the authority in ${folder} waits for its certificate`,
    { folder },
    { hint },
  );
}

export function authorityAbsent(folder: string): PkiError {
  const hint = 'quorate init makes one, quorate apply for a plan that is there';
  return new PkiError('authority-absent', `there is no authority in ${folder}`, { folder }, { hint });
}

interface AuthorityTexts {
  readonly certificatePem: string;
  readonly keyPem: string;
}

async function readFiles(folder: string): Promise<AuthorityTexts | undefined> {
  const found = await listFolder(folder);
  const present = found.includes(authorityFiles.oldLedger) ? [...found, authorityFiles.ledger] : found;
  const wanted = [authorityFiles.certificate, authorityFiles.key, authorityFiles.ledger];
  const missing = wanted.filter((name) => !present.includes(name));
  if (missing.length === wanted.length) return undefined;
  const { certificate, key, request } = authorityFiles;
  if (missing.includes(certificate) && [key, request].every((name) => present.includes(name)))
    throw authorityWaiting(folder);
  if (missing.length > 0) {
    const there = wanted.filter((name) => present.includes(name)).join(' and ');
    throw broken(folder, `it holds ${there} but no ${missing.join(' and no ')}`, missing);
  }
  return {
    certificatePem: await readText(join(folder, authorityFiles.certificate)),
    keyPem: await readText(join(folder, authorityFiles.key)),
  };
}

/** What can be said of an authority without its key. */
function outside(folder: string, { certificatePem, keyPem }: AuthorityTexts): AuthorityChain {
  const { certificate: certificateName, key: keyName } = authorityFiles;
  const read = () => parseCertificates(Buffer.from(certificatePem), certificateName);
  const [certificate, ...others] = orBroken(folder, certificateName, read);
  if (!certificate.isAuthority) {
    throw broken(folder, `${certificateName} is not an authority's certificate`, [certificateName]);
  }
  const issuers = issuersOf(certificate, others);
  if (issuers === undefined) {
    throw broken(folder, `${certificateName} does not lead to a root: ${certificate.issuer} signed it`, [
      certificateName,
    ]);
  }
  orBroken(folder, keyName, () => checkEnvelope(keyPem, keyName));
  return { certificate, issuers };
}

async function joinParts(folder: string, files: AuthorityTexts, passphrase?: string): Promise<AuthorityParts> {
  const { certificate: certificateName, key: keyName } = authorityFiles;
  const { keyPem } = files;
  const chain = outside(folder, files);
  const opening = openAuthorityKey(keyPem, join(folder, keyName), passphrase);
  const key = await opening.catch((error: unknown) => throwBroken(folder, keyName, error));
  const keyType = authorityKeyType(key);
  if (keyType === undefined) {
    throw broken(folder, `${keyName} is of a type that is not used: ${describeKey(publicHalf(key))}`, [keyName]);
  }
  if (!isKeyOf(publicHalf(key), chain.certificate)) {
    if (isOnToken(key)) key.close();
    throw broken(folder, `${keyName} is not the key of ${certificateName}`, [keyName]);
  }
  return { ...chain, key, keyType };
}

function orBroken<Part>(folder: string, file: string, read: () => Part): Part {
  try {
    return read();
  } catch (error) {
    return throwBroken(folder, file, error);
  }
}

/** What a secret or a token is in the way of is not broken. */
function throwBroken(folder: string, file: string, error: unknown): never {
  if (!(error instanceof PkiError) || /^(passphrase|token)-/.test(error.code)) throw error;
  throw broken(folder, error.message, [file], error);
}

function broken(folder: string, what: string, files: readonly string[], cause?: PkiError): PkiError {
  const restore = `restore ${files.join(' and ')} in ${folder} from a backup`;
  const steps = [cause?.hint, restore, 'if there is none, move the folder away and begin a new authority'];
  const hint = steps.filter((step) => step !== undefined).join('; ');
  const message = `the authority in ${folder} is broken: ${what}`;
  return new PkiError('authority-broken', message, { folder, files }, { hint, cause });
}
