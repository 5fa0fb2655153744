import assert from 'node:assert';
import { join } from 'node:path';
import {
  type Authority,
  authorityWaiting,
  createAuthority,
  isTaken,
  makeFolder,
  parseCertificateRequest,
  readBytes,
  readKeyIfPresent,
  replaceFile,
  requestAuthority,
  requestSizeMax,
  setMode,
  writeKeyPair,
  writeNew,
} from '#pki';
import {
  type AccessArtifact,
  type Artifact,
  type AuthorityArtifact,
  type CertificateArtifact,
  type KeyPairArtifact,
  type PasswordArtifact,
  privateFile,
  privateFolder,
  publicFile,
  type SurplusArtifact,
} from '../artifacts/artifact.js';
import { openAuthorityOf } from '../authority.js';
import { copyRevocations } from '../certificates/revoking/copies.js';
import { WizardError } from '../errors.js';
import { noPassphrases, type PassphraseSource } from '../passphrases.js';
import { trustOf } from '../rotation/follow.js';
import type { Step } from '../steps/step.js';
import { printAccess, withHashes } from './access-file.js';
import { generatePassword, hashPassword, readPassword } from './passwords.js';
import { setAside } from './set-aside.js';

export interface RealizerOptions {
  readonly dir: string;
  readonly now: () => Date;
  /** Passwords that a person chose, by user. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly passphrases?: PassphraseSource | undefined;
}

interface KeyPlace {
  readonly passphrase?: string | undefined;
  readonly token?: { readonly uri: string; readonly pin: string | undefined };
}

/** Makes artifacts in one DIR. Each is there whole, or not at all, whenever the process ends. */
export class Realizer {
  readonly #dir: string;
  readonly #now: () => Date;
  /** Chosen by a person, by user; the others' are generated. */
  readonly #chosen: ReadonlyMap<string, string>;
  readonly #passphrases: PassphraseSource;
  readonly #hashes = new Map<string, Promise<string>>();
  #authority: Promise<Authority> | undefined;

  constructor({ dir, now, passwords, passphrases = noPassphrases }: RealizerOptions) {
    this.#dir = dir;
    this.#now = now;
    this.#chosen = passwords;
    this.#passphrases = passphrases;
  }

  /** Asks for the passphrase, where the steps need one, before the first of them. */
  async prepare(steps: readonly Step[]): Promise<void> {
    const made = steps.filter(({ action }) => action !== 'restrict').map(({ artifact }) => artifact.kind);
    // The PIN of a token is asked for where it is used.
    const onToken = steps.some(({ artifact }) => artifact.kind === 'authority' && artifact.key !== undefined);
    if (made.includes('authority')) await (onToken ? undefined : this.#passphrases.forNew());
    else if (made.includes('key-pair') || made.includes('certificate')) await this.#openAuthority();
  }

  async close(): Promise<void> {
    // Whoever wanted it has been told if it could not be opened.
    await (await this.#authority?.catch(() => undefined))?.close();
  }

  /** @returns what a person should know about what was made */
  async realize({ action, artifact }: Step): Promise<readonly string[]> {
    if (action === 'restrict' && artifact.kind !== 'surplus') {
      await this.#setModes(artifact);
      return [];
    }
    return this.#make(artifact);
  }

  async #make(artifact: Artifact): Promise<readonly string[]> {
    const path = join(this.#dir, artifact.path);
    switch (artifact.kind) {
      case 'folder':
        await makeFolder(path);
        await setMode(path, artifact.mode);
        return [];
      case 'authority':
        await this.#makeAuthority(artifact, path);
        return [];
      case 'password':
        await this.#makePassword(artifact, path);
        return [];
      case 'key-pair':
        return this.#makeKeyPair(artifact, path);
      case 'certificate':
        return this.#certify(artifact, path);
      case 'trust':
        await replaceFile(path, await trustOf(this.#dir), publicFile);
        return [];
      case 'revocations':
        await copyRevocations(this.#dir, path);
        return [];
      case 'access':
        await this.#makeAccess(artifact, path);
        return [];
      case 'file':
        await replaceFile(path, artifact.content, artifact.mode);
        return [];
      case 'surplus':
        return [`${artifact.path} is ${await setAside(this.#dir, artifact.path, this.#now())} now`];
    }
  }

  async #setModes(artifact: Exclude<Artifact, SurplusArtifact>): Promise<void> {
    const modes: (readonly [path: string, mode: number])[] =
      artifact.kind === 'key-pair'
        ? [
            [artifact.keyPath, privateFile],
            [artifact.path, publicFile],
          ]
        : [[artifact.path, modeOf(artifact)]];
    for (const [path, mode] of modes) await setMode(join(this.#dir, path), mode);
  }

  async #makeAuthority(artifact: AuthorityArtifact, folder: string): Promise<void> {
    const { key, root } = artifact;
    const making =
      key === undefined
        ? this.#createAuthority(artifact, folder, { passphrase: await this.#passphrases.forNew() })
        : this.#passphrases.open((pin) => this.#createAuthority(artifact, folder, { token: { uri: key, pin } }));
    if (root !== 'elsewhere') this.#authority = making;
    await making;
  }

  async #createAuthority(artifact: AuthorityArtifact, folder: string, keyPlace: KeyPlace): Promise<Authority> {
    const { commonName, keyType, days, root, permitted } = artifact;
    const common = { folder, commonName, keyType, permitted, ...keyPlace };
    if (root !== 'elsewhere') return createAuthority({ ...common, days, root, now: this.#now() });
    await requestAuthority(common);
    throw authorityWaiting(folder);
  }

  #openAuthority(): Promise<Authority> {
    this.#authority ??= openAuthorityOf({ dir: this.#dir, passphrases: this.#passphrases });
    return this.#authority;
  }

  async #makePassword({ user }: PasswordArtifact, path: string): Promise<void> {
    await writeNew(path, `${this.#chosen.get(user) ?? generatePassword()}\n`, privateFile);
  }

  /** Under the key that is there, when one is: a key is never replaced. */
  async #makeKeyPair(artifact: KeyPairArtifact, certificate: string): Promise<readonly string[]> {
    const key = join(this.#dir, artifact.keyPath);
    const authority = await this.#openAuthority();
    const keyPem = await readKeyIfPresent(key);
    const issued = await authority.issue({ ...artifact.request, keyType: artifact.keyType, keyPem, now: this.#now() });
    await writeKeyPair({ certificate, key }, issued);
    await setMode(key, privateFile);
    return issued.notes.map((note) => `${artifact.title}: ${note}`);
  }

  /** For a key that is elsewhere, under the request that was approved. */
  async #certify({ csrPath, request, title }: CertificateArtifact, certificate: string): Promise<readonly string[]> {
    const path = join(this.#dir, csrPath);
    if (!(await isTaken(path))) throw requestMissing(request.commonName, path);
    const csr = parseCertificateRequest(await readBytes(path, requestSizeMax), path);
    const authority = await this.#openAuthority();
    const { chainPem, notes } = await authority.certify({ ...request, csr, now: this.#now() });
    await replaceFile(certificate, chainPem, publicFile);
    return notes.map((note) => `${title}: ${note}`);
  }

  async #makeAccess({ access, passwords }: AccessArtifact, path: string): Promise<void> {
    const hashes = new Map<string, string>();
    for (const { user, path: passwordPath } of passwords) hashes.set(user, await this.#hashOf(user, passwordPath));
    await replaceFile(path, printAccess(withHashes(access, hashes)), privateFile);
  }

  /** One hash a user for all members: a hash takes a while, and theirs should be the same file. */
  #hashOf(user: string, passwordPath: string): Promise<string> {
    const known = this.#hashes.get(user);
    if (known !== undefined) return known;
    const path = join(this.#dir, passwordPath);
    const hash = readPassword(path).then((password) => {
      assert(password, 'a password is made before its hash');
      return hashPassword(password);
    });
    this.#hashes.set(user, hash);
    return hash;
  }
}

function requestMissing(user: string, path: string): WizardError {
  const what = `the key of ${user} is elsewhere, and the request that it signed is not at ${path}`;
  const hint = `have ${user} type quorate user request ${user}, and put ${user}.csr there; or take "key: elsewhere" out`;
  return new WizardError('files-refused', what, { user, path }, { hint });
}

function modeOf(artifact: Exclude<Artifact, KeyPairArtifact | SurplusArtifact>): number {
  switch (artifact.kind) {
    case 'folder':
    case 'file':
      return artifact.mode;
    case 'authority':
      return privateFolder;
    case 'trust':
    case 'revocations':
    case 'certificate':
      return publicFile;
    case 'password':
    case 'access':
      return privateFile;
  }
}
