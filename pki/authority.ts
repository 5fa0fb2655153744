// The authority: a folder with a certificate that signs (a root, or an intermediate below one), its key, the ledger of what it signed and the revocation list.
import type { KeyObject } from 'node:crypto';
import { type AuthorityParts, authorityAbsent, authorityFiles, authorityState, readParts } from './authority-folder.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { type AuthorityChain, betweenOf, pemOf, rootOf } from './chain.js';
import { assertCertifiable, type CertifyRequest, csrNotes } from './csr-policy.js';
import { PkiError } from './errors.js';
import { createFolder, listFolder, type NewFile, privateMode, publicMode } from './files.js';
import { generateKey, type KeyType, keyFromPem, keyToPem } from './keys.js';
import { type Beginning, Ledger, operator } from './ledger.js';
import type { LedgerEntry } from './ledger-entry.js';
import type { NextList } from './ledger-revocations.js';
import { certifiedKey, type NewAuthority, type NewAuthorityOptions, newAuthority } from './new-authority.js';
import { sealed } from './opened-key.js';
import { checkPassphrase } from './passphrase.js';
import { grantedNames, organizationOf, type Request, refusals, refuse, validity } from './policy.js';
import { profileName, profileOf } from './profiles.js';
import { quote } from './quote.js';
import type { RevocationList } from './signing/revocation-list.js';
import type { Issuer } from './signing/signer.js';
import { sign } from './signing.js';
import { type AuthorityKey, isOnToken } from './token/key.js';

export interface CreateAuthorityOptions extends NewAuthorityOptions {
  /** Its own folder: missing, or empty. */
  readonly folder: string;
  /** Its key is encrypted under it; in clear without one. */
  readonly passphrase?: string | undefined;
}

export interface IssueRequest extends Request {
  /** The type of a new key. */
  readonly keyType: KeyType;
  /** A key that is there already and is to be certified instead of a new one. */
  readonly keyPem?: string | undefined;
  readonly now: Date;
}

/** A certificate whose key is somebody else's. */
export interface Certified {
  readonly certificatePem: string;
  /** The leaf, then whatever stands between it and the root: what a server presents. */
  readonly chainPem: string;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256 of the DER form, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** What was granted otherwise than asked, for a person. */
  readonly notes: readonly string[];
}

export interface Issued extends Certified {
  /** PKCS#8. */
  readonly keyPem: string;
}

/** Signs. Its key never leaves it. */
export class Authority implements AuthorityChain {
  readonly certificate: Certificate;
  /** What it signed, itself included. */
  readonly ledger: Ledger;
  readonly issuers: readonly Certificate[];
  readonly #key: AuthorityKey;
  readonly #keyType: KeyType;

  /** @internal openAuthority and createAuthority make them. */
  constructor(parts: AuthorityParts, ledger: Ledger) {
    this.certificate = parts.certificate;
    this.issuers = parts.issuers;
    this.#key = parts.key;
    this.#keyType = parts.keyType;
    this.ledger = ledger;
  }

  /** Lets go of the ledger. Not while it issues. */
  close(): Promise<void> {
    if (isOnToken(this.#key)) this.#key.close();
    return this.ledger.close();
  }

  /**
   * Makes a key (unless one is given) and certifies it. It is in the ledger once this returns, and not yet on disk.
   * May run many times at once.
   * @throws PkiError `request-refused` with every reason, `key-unreadable`, or what the disk says
   */
  async issue(request: IssueRequest): Promise<Issued> {
    const { keyPem, keyType, now } = request;
    const given = keyPem === undefined ? undefined : keyFromPem(keyPem, 'the key to be certified');
    const reasons = refusals(request, this.certificate, now, given);
    if (reasons.length > 0) refuse(`${profileName(request.profile)} ${quote(request.commonName)}`, reasons);
    const key = given ?? (await generateKey(keyType));
    return { ...(await this.#certify(request, now, key)), keyPem: keyToPem(key) };
  }

  /**
   * Certifies the key of a certificate request. What is granted is `request`, never what the CSR says beside its key.
   * @throws PkiError `request-refused` with every reason, those against the CSR among them
   */
  async certify(request: CertifyRequest): Promise<Certified> {
    const { csr, now } = request;
    assertCertifiable(request, this.certificate);
    const certified = await this.#certify(request, now, csr.publicKey);
    return {
      ...certified,
      notes: [...csrNotes(csr, profileOf(request.profile), organizationOf(request)), ...certified.notes],
    };
  }

  /** @internal renewRevocationList puts it in place. */
  signRevocationList({ revocations, number, updates }: NextList): Promise<RevocationList> {
    return sign('revocationList', this.#issuer, revocations, number, updates);
  }

  /** Signs what policy has agreed to. */
  async #certify(request: Request, now: Date, key: KeyObject): Promise<Certified> {
    const names = grantedNames(request.names);
    const { profile: choice, commonName, days } = request;
    const [profile, organization] = [profileOf(choice), organizationOf(request)];
    const serial = await this.ledger.reserve(now);
    const period = validity(now, days, this.certificate);
    const granted = { serial, profile, commonName, organization, names, ...certifiedKey(key), ...period };
    const pem = await sign('certificate', granted, this.#issuer);
    const certificate = parseCertificate(pem, 'the new certificate');
    await this.ledger.record(ledgerEntry(profileName(choice), certificate), derOfPem(pem), now);
    return {
      certificatePem: pem,
      chainPem: pem + pemOf(betweenOf(this)),
      serial: certificate.serial,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      fingerprint: certificate.fingerprint,
      notes: this.#lifetimeNotes(certificate, validity(now, days).notAfter),
    };
  }

  get #issuer(): Issuer {
    return { certificatePem: this.certificate.pem, key: this.#key, keyType: this.#keyType };
  }

  #lifetimeNotes({ notAfter }: Certificate, wanted: Date): string[] {
    if (notAfter >= wanted) return [];
    return [`valid until ${notAfter.toISOString()} and not ${wanted.toISOString()}: the authority expires then`];
  }
}

interface AuthorityContents {
  readonly files: readonly [NewFile, ...NewFile[]];
  readonly ledger: Beginning;
}

/**
 * Makes an authority and its folder in one step: when it fails there is nothing.
 * @throws PkiError `authority-exists`, `request-refused` with every reason, `passphrase-refused`, or what the disk says
 */
export async function createAuthority(options: CreateAuthorityOptions): Promise<Authority> {
  const { folder, now, passphrase } = options;
  if (passphrase !== undefined) checkPassphrase(passphrase);
  await refuseExisting(folder);
  const made = await newAuthority(options);
  await placeAuthority(folder, made, now, passphrase);
  if (isOnToken(made.key)) made.key.close();
  return openAuthority(folder, options.token?.pin ?? passphrase);
}

/** Puts an authority where none is, all of it or nothing. */
export async function placeAuthority(
  folder: string,
  made: NewAuthority,
  now: Date,
  passphrase?: string,
): Promise<void> {
  const { files, ledger } = await contentsOf(made, now);
  const { key, rootKey } = made;
  const keys = [
    { name: authorityFiles.key, content: await sealed(key, passphrase), mode: privateMode },
    ...(rootKey === undefined ? [] : await rootFiles(rootOf(made), rootKey, passphrase)),
  ];
  await createFolder(folder, [...keys, ...files], (staging) => Ledger.create(staging, ledger));
}

/** What an authority has besides its keys: the certificate first. */
export async function contentsOf(made: Omit<NewAuthority, 'rootKey'>, now: Date): Promise<AuthorityContents> {
  const { certificate, issuers, key, keyType } = made;
  const updates = { thisUpdate: now, nextUpdate: certificate.notAfter };
  const crl = await sign('revocationList', { certificatePem: certificate.pem, key, keyType }, [], 1, updates);
  const files = [
    { name: authorityFiles.certificate, content: pemOf([certificate, ...issuers]), mode: publicMode },
    { name: authorityFiles.crlPem, content: crl.pem, mode: publicMode },
    { name: authorityFiles.crlDer, content: crl.der, mode: publicMode },
  ] as const;
  const first = [
    ...issuers.map((each) => ['root', each] as const),
    [issuers.length === 0 ? 'root' : 'intermediate', certificate] as const,
  ];
  const signed = { by: operator(), at: now.toISOString() };
  const entries = first.map(([profile, each]) => ({
    entry: { ...ledgerEntry(profile, each), ...signed },
    der: derOfPem(each.pem),
  }));
  return { files, ledger: { entries, updates } };
}

const rootFiles = async (root: Certificate, key: KeyObject, passphrase?: string): Promise<NewFile[]> => [
  { name: authorityFiles.rootKey, content: await sealed(key, passphrase), mode: privateMode },
  { name: authorityFiles.rootCertificate, content: root.pem, mode: publicMode },
];

/**
 * @param passphrase for a key that is encrypted; passed over for one that is not
 * @throws PkiError `authority-absent`, `authority-broken`, `passphrase-needed`, `passphrase-wrong`, `ledger-damaged`, or what
 * the disk says
 */
export async function openAuthority(folder: string, passphrase?: string): Promise<Authority> {
  const parts = await readParts(folder, passphrase);
  if (parts === undefined) throw authorityAbsent(folder);
  return new Authority(parts, await Ledger.open(folder));
}

/**
 * The ledger alone, which takes no key: to look something up.
 * @throws PkiError `authority-absent`, `ledger-damaged`, or what the disk says
 */
export async function openLedger(folder: string): Promise<Ledger> {
  const present = await listFolder(folder);
  const { ledger, oldLedger } = authorityFiles;
  if (!present.includes(ledger) && !present.includes(oldLedger)) throw authorityAbsent(folder);
  return Ledger.open(folder);
}

export async function refuseExisting(folder: string): Promise<void> {
  const existing = await authorityState(folder);
  if (existing.state === 'absent') return;
  if (existing.state !== 'whole') throw existing.error;
  const hint = 'an authority is never overwritten: use it, or choose another folder';
  const { commonName } = existing.certificate;
  throw new PkiError('authority-exists', `${folder} holds the authority ${commonName}`, { folder }, { hint });
}

export const derOfPem = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64');

export function ledgerEntry(profile: string, certificate: Certificate): Omit<LedgerEntry, 'by' | 'at'> {
  const { serial, commonName, organization, names, notBefore, notAfter, fingerprint } = certificate;
  return {
    serial,
    profile,
    subject: commonName,
    ...(organization === undefined ? {} : { organization }),
    names: names.map(({ value }) => value),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    fingerprint,
  };
}
