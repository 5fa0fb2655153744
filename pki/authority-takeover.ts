// An authority that is not made here: one that is there already, or one whose root is kept elsewhere and signs our request.
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { contentsOf, derOfPem, ledgerEntry, placeAuthority, refuseExisting } from './authority.js';
import { authorityFiles, authorityState } from './authority-folder.js';
import { type Certificate, isKeyOf, openCertificate } from './certificate.js';
import { type AuthorityChain, pemOf, rootOf } from './chain.js';
import { parseCertificateRequest } from './csr.js';
import { PkiError } from './errors.js';
import { readCertificateFields } from './fields/certificate.js';
import { createFolder, privateMode, publicMode, readText, removeIfPresent, replaceFile, writeNew } from './files.js';
import { acceptedChain, hasNameConstraints } from './foreign-authority.js';
import { describeKey, type KeyType } from './keys.js';
import { Ledger } from './ledger.js';
import type { Subtree } from './name-constraints.js';
import { certifiedKey, newKey } from './new-authority.js';
import { openAuthorityKey, sealed } from './opened-key.js';
import { checkPassphrase } from './passphrase.js';
import { attributeReasons, refuse } from './policy.js';
import { profiles } from './profiles.js';
import { sign } from './signing.js';
import { type AuthorityKey, authorityKeyType, isOnToken, publicHalf, type TokenAccess } from './token/key.js';

/** Something for a person to know about an authority that was taken over. */
export type TakeoverNotes = readonly string[];

export interface ImportOptions {
  /** Missing, or empty. */
  readonly folder: string;
  /** What is to sign, and what it is signed by, up to the root. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  readonly key: AuthorityKey;
  /** Its key is encrypted under it; in clear without one. */
  readonly passphrase?: string | undefined;
  readonly now: Date;
}

/**
 * Takes over an authority that is there already, with its key.
 * @throws PkiError `authority-refused` with every reason, `authority-exists`, `passphrase-refused`, or what the disk says
 */
export async function importAuthority(options: ImportOptions): Promise<TakeoverNotes> {
  const { folder, key, now, passphrase } = options;
  if (passphrase !== undefined) checkPassphrase(passphrase);
  await refuseExisting(folder);
  const chain = acceptedChain({ ...options, key: publicHalf(key) });
  await placeAuthority(folder, { ...chain, key, keyType: typeOf(key) }, now, passphrase);
  const list = 'its revocation list begins anew: what was revoked before is not in it';
  return [list, ...constraintNotes(chain.certificate)];
}

export interface AuthorityRequest {
  /** Missing, or empty. */
  readonly folder: string;
  readonly commonName: string;
  readonly keyType: KeyType;
  readonly passphrase?: string | undefined;
  /** Where its key is, or is to be made. */
  readonly token?: TokenAccess | undefined;
  /** What it asks to be allowed to sign; everything when absent. */
  readonly permitted?: readonly Subtree[] | undefined;
}

/**
 * Makes the key of an intermediate, and the request that its root signs. From then on the folder waits for the certificate.
 * @returns the request's path. @throws PkiError `authority-exists`, `authority-waiting`, `request-refused`, `passphrase-refused`
 */
export async function requestAuthority(request: AuthorityRequest): Promise<string> {
  const { folder, commonName, passphrase, permitted } = request;
  if (passphrase !== undefined) checkPassphrase(passphrase);
  const reasons = attributeReasons(commonName).map((reason) => ({ field: 'commonName' as const, reason }));
  if (reasons.length > 0) refuse(`the authority ${JSON.stringify(commonName)}`, reasons);
  await refuseExisting(folder);
  const { key, keyType } = await newKey(request);
  const subject = { commonName, names: [] };
  const wanted = { profile: profiles.intermediate, isRsa: certifiedKey(key).isRsa, ...(permitted && { permitted }) };
  const csr = await sign('request', subject, { key, keyType }, wanted);
  if (isOnToken(key)) key.close();
  await createFolder(folder, [
    { name: authorityFiles.key, content: await sealed(key, passphrase), mode: privateMode },
    { name: authorityFiles.request, content: csr, mode: publicMode },
  ]);
  return join(folder, authorityFiles.request);
}

export interface InstallOptions {
  readonly folder: string;
  /** The certificate that the root signed, and what it is signed by, up to the root. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  /** Of the key. */
  readonly passphrase?: string | undefined;
  readonly now: Date;
}

/**
 * Gives an authority that waits the certificate that its root signed. The certificate comes last: a run that is stopped
 * before leaves an authority that waits. One that signs already is renewed under the same key, which takes no passphrase.
 * @throws PkiError `authority-refused` with every reason, `authority-exists`, `authority-absent`, `passphrase-needed`,
 * `passphrase-wrong`, or what the disk says
 */
export async function installAuthority({
  folder,
  certificates,
  passphrase,
  now,
}: InstallOptions): Promise<TakeoverNotes> {
  const at = (name: string): string => join(folder, name);
  const found = await authorityState(folder);
  if (found.state === 'whole') return renewAuthority(found, { folder, certificates, now });
  if (found.state === 'broken') throw found.error;
  if (found.state === 'absent') throw nothingAsked(folder);
  const requestPath = at(authorityFiles.request);
  const { publicKey } = parseCertificateRequest(Buffer.from(await readText(requestPath)), requestPath);
  const chain = acceptedChain({ certificates, key: publicKey, now });
  const key = await openAuthorityKey(await readText(at(authorityFiles.key)), at(authorityFiles.key), passphrase);
  acceptedChain({ certificates, key: publicHalf(key), now });
  const { files, ledger } = await contentsOf({ ...chain, key, keyType: typeOf(key) }, now);
  // Of a run that was stopped: nothing can have been issued since.
  for (const name of [authorityFiles.ledger, `${authorityFiles.ledger}-lock`]) await removeIfPresent(at(name));
  await Ledger.create(folder, ledger);
  const [certificate, ...lists] = files;
  for (const { name, content, mode } of lists) await replaceFile(at(name), content, mode);
  await writeNew(at(certificate.name), certificate.content, certificate.mode);
  return constraintNotes(chain.certificate);
}

function nothingAsked(folder: string): PkiError {
  const hint = 'quorate cert ca-request makes one';
  return new PkiError('authority-absent', `there is no request in ${folder}`, { folder }, { hint });
}

/** Another certificate for what signs already: the same key, subject and root, so that whoever trusts it notices nothing. */
async function renewAuthority(
  existing: AuthorityChain,
  { folder, certificates, now }: InstallOptions,
): Promise<TakeoverNotes> {
  const chain = acceptedChain({ certificates, key: keyOf(existing.certificate), now });
  const { certificate, issuers } = chain;
  if (certificate.fingerprint === existing.certificate.fingerprint) return refuseExisting(folder).then(() => []);
  const reasons = [
    ...(subjectOf(certificate).equals(subjectOf(existing.certificate)) ? [] : ['its subject is another one']),
    ...(isKeyOf(keyOf(rootOf(chain)), rootOf(existing)) ? [] : ['its root is another one']),
  ];
  if (reasons.length > 0) {
    const hint = 'members and clients would not take it: quorate cert rotate-ca replaces an authority step by step';
    const what = `it does not renew ${existing.certificate.commonName}: ${reasons.join('; ')}`;
    throw new PkiError('authority-refused', what, { reasons }, { hint });
  }
  const ledger = await Ledger.open(folder);
  try {
    const profile = issuers.length === 0 ? 'root' : 'intermediate';
    await ledger.adopt(ledgerEntry(profile, certificate), derOfPem(certificate.pem), now);
  } finally {
    await ledger.close();
  }
  await replaceFile(join(folder, authorityFiles.certificate), pemOf([certificate, ...issuers]), publicMode);
  return constraintNotes(certificate);
}

const keyOf = ({ pem }: Certificate): KeyObject => openCertificate(pem, 'the certificate').publicKey;
const subjectOf = ({ pem }: Certificate): Buffer => readCertificateFields(openCertificate(pem, 'it').raw).subject;

function typeOf(key: AuthorityKey): KeyType {
  const type = authorityKeyType(key);
  if (type !== undefined) return type;
  throw new PkiError('authority-refused', `a key of type ${describeKey(publicHalf(key))} does not sign here`);
}

const constraintNotes = (certificate: Certificate): string[] =>
  hasNameConstraints(certificate)
    ? [
        `${certificate.commonName} has name constraints: certificates with other names are refused by whoever verifies them`,
      ]
    : [];
