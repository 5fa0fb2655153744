// The authority: a folder with a root certificate, its key, the ledger of what it signed and the revocation list.
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { type AuthorityParts, authorityFiles, authorityState, readParts } from './authority-folder.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { PkiError } from './errors.js';
import { createFolder, privateMode, publicMode } from './files.js';
import { formatEntry, Inventory, type LedgerEntry } from './inventory.js';
import { generateKey, type KeyType, keyFromPem, keyToPem } from './keys.js';
import { grantedNames, type Request, refusals, refuse, rootRefusals, validity } from './policy.js';
import type { ProfileName } from './profiles.js';
import type { Signer } from './signer.js';

export interface CreateAuthorityOptions {
  /** Its own folder: missing, or empty. */
  readonly folder: string;
  readonly commonName: string;
  readonly keyType: KeyType;
  readonly days: number;
  readonly now: Date;
}

export interface IssueRequest extends Request {
  /** The type of a new key. */
  readonly keyType: KeyType;
  /** A key that is there already and is to be certified instead of a new one. */
  readonly keyPem?: string | undefined;
  readonly now: Date;
}

export interface Issued {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly keyPem: string;
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

/** Signs. Its key never leaves it. */
export class Authority {
  readonly certificate: Certificate;
  readonly #key: KeyObject;
  readonly #keyType: KeyType;
  readonly #inventory: Inventory;
  #signer: Promise<Signer> | undefined;

  /** @internal openAuthority and createAuthority make them. */
  constructor(parts: AuthorityParts, inventory: Inventory) {
    this.certificate = parts.certificate;
    this.#key = parts.key;
    this.#keyType = parts.keyType;
    this.#inventory = inventory;
  }

  /** Everything that it signed, oldest first, itself included. */
  get issued(): readonly LedgerEntry[] {
    return this.#inventory.entries;
  }

  /**
   * Makes a key (unless one is given) and certifies it. It is in the ledger once this returns, and not yet on disk.
   * May run many times at once.
   * @throws PkiError `request-refused` with every reason, `key-unreadable`, or what the disk says
   */
  async issue(request: IssueRequest): Promise<Issued> {
    const { keyPem, keyType, now, days } = request;
    const given = keyPem === undefined ? undefined : keyFromPem(keyPem, 'the key to be certified');
    const reasons = refusals(request, this.certificate, now, given);
    if (reasons.length > 0) refuse(`${request.profile} ${JSON.stringify(request.commonName)}`, reasons);
    const [key, signer, { issueLeaf }] = await Promise.all([
      given ?? generateKey(keyType),
      this.#openSigner(),
      import('./issue.js'),
    ]);
    const names = grantedNames(request.names);
    const pem = await issueLeaf({ ...request, ...validity(now, days, this.certificate), names, key }, signer);
    const certificate = parseCertificate(pem, 'the new certificate');
    await this.#inventory.record(ledgerEntry(request.profile, certificate));
    return {
      certificatePem: pem,
      keyPem: keyToPem(key),
      chainPem: pem,
      serial: certificate.serial,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      fingerprint: certificate.fingerprint,
      notes: this.#lifetimeNotes(certificate, validity(now, days).notAfter),
    };
  }

  #openSigner(): Promise<Signer> {
    this.#signer ??= import('./signer.js').then(({ openSigner }) =>
      openSigner(this.certificate.pem, this.#key, this.#keyType),
    );
    return this.#signer;
  }

  #lifetimeNotes({ notAfter }: Certificate, wanted: Date): string[] {
    if (notAfter >= wanted) return [];
    return [`valid until ${notAfter.toISOString()} and not ${wanted.toISOString()}: the authority expires then`];
  }
}

/**
 * Makes an authority and its folder in one step: when it fails there is nothing.
 * @throws PkiError `authority-exists`, `request-refused` with every reason, or what the disk says
 */
export async function createAuthority(options: CreateAuthorityOptions): Promise<Authority> {
  const { folder, commonName, keyType, days, now } = options;
  const reasons = rootRefusals(commonName, days);
  if (reasons.length > 0) refuse(`the authority ${JSON.stringify(commonName)}`, reasons);
  await refuseExisting(folder);
  const [key, { issueRoot }, { openSigner, signingKey }, { signRevocationList }] = await Promise.all([
    generateKey(keyType),
    import('./issue.js'),
    import('./signer.js'),
    import('./crl.js'),
  ]);
  const grant = { profile: 'root', commonName, names: [], key, ...validity(now, days) } as const;
  const pem = await issueRoot(grant, await signingKey(key, keyType));
  const crl = await signRevocationList(await openSigner(pem, key, keyType), [], 1, now);
  const certificate = parseCertificate(pem, 'the new authority');
  const ledger = `${formatEntry(ledgerEntry('root', certificate))}\n`;
  await createFolder(folder, [
    { name: authorityFiles.key, content: keyToPem(key), mode: privateMode },
    { name: authorityFiles.certificate, content: pem, mode: publicMode },
    { name: authorityFiles.ledger, content: ledger, mode: privateMode },
    { name: authorityFiles.crlPem, content: crl.pem, mode: publicMode },
    { name: authorityFiles.crlDer, content: crl.der, mode: publicMode },
  ]);
  return openAuthority(folder);
}

/** @throws PkiError `authority-absent`, `authority-broken`, `ledger-damaged`, or what the disk says */
export async function openAuthority(folder: string): Promise<Authority> {
  const parts = await readParts(folder);
  if (parts === undefined) {
    const hint = 'quorate init makes one, quorate apply for a plan that is there';
    throw new PkiError('authority-absent', `there is no authority in ${folder}`, { folder }, { hint });
  }
  return new Authority(parts, await Inventory.open(join(folder, authorityFiles.ledger)));
}

async function refuseExisting(folder: string): Promise<void> {
  const existing = await authorityState(folder);
  if (existing.state === 'absent') return;
  if (existing.state === 'broken') throw existing.error;
  const hint = 'an authority is never overwritten: use it, or choose another folder';
  const { commonName } = existing.certificate;
  throw new PkiError('authority-exists', `${folder} holds the authority ${commonName}`, { folder }, { hint });
}

function ledgerEntry(profile: ProfileName, certificate: Certificate): LedgerEntry {
  const { serial, commonName, organization, names, notBefore, notAfter, fingerprint } = certificate;
  return {
    event: 'issued',
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
