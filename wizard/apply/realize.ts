import assert from 'node:assert';
import { join } from 'node:path';
import {
  type Authority,
  createAuthority,
  makeFolder,
  openAuthority,
  readKeyIfPresent,
  replaceFile,
  setMode,
  writeKeyPair,
  writeNew,
} from '#pki';
import {
  type AccessArtifact,
  type Artifact,
  type AuthorityArtifact,
  type KeyPairArtifact,
  type PasswordArtifact,
  privateFile,
  privateFolder,
  publicFile,
} from '../artifacts/artifact.js';
import { pkiFolder } from '../layout.js';
import type { Step } from '../steps/step.js';
import { printAccess, withHashes } from './access-file.js';
import { generatePassword, hashPassword, readPassword } from './passwords.js';

/** Makes artifacts in one DIR. Each is there whole, or not at all, whenever the process ends. */
export class Realizer {
  readonly #dir: string;
  readonly #now: () => Date;
  /** Chosen by a person, by user; the others' are generated. */
  readonly #chosen: ReadonlyMap<string, string>;
  readonly #hashes = new Map<string, Promise<string>>();
  #authority: Promise<Authority> | undefined;

  constructor(dir: string, now: () => Date, chosen: ReadonlyMap<string, string>) {
    this.#dir = dir;
    this.#now = now;
    this.#chosen = chosen;
  }

  /** @returns what a person should know about what was made */
  async realize({ action, artifact }: Step): Promise<readonly string[]> {
    if (action === 'restrict') {
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
      case 'trust':
        await replaceFile(path, (await this.#openAuthority()).certificate.pem, publicFile);
        return [];
      case 'access':
        await this.#makeAccess(artifact, path);
        return [];
      case 'file':
        await replaceFile(path, artifact.content, artifact.mode);
        return [];
    }
  }

  async #setModes(artifact: Artifact): Promise<void> {
    const modes: (readonly [path: string, mode: number])[] =
      artifact.kind === 'key-pair'
        ? [
            [artifact.keyPath, privateFile],
            [artifact.path, publicFile],
          ]
        : [[artifact.path, modeOf(artifact)]];
    for (const [path, mode] of modes) await setMode(join(this.#dir, path), mode);
  }

  async #makeAuthority({ commonName, keyType, days }: AuthorityArtifact, folder: string): Promise<void> {
    this.#authority = createAuthority({ folder, commonName, keyType, days, now: this.#now() });
    await this.#authority;
  }

  #openAuthority(): Promise<Authority> {
    this.#authority ??= openAuthority(join(this.#dir, pkiFolder));
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

function modeOf(artifact: Exclude<Artifact, KeyPairArtifact>): number {
  switch (artifact.kind) {
    case 'folder':
    case 'file':
      return artifact.mode;
    case 'authority':
      return privateFolder;
    case 'trust':
      return publicFile;
    case 'password':
    case 'access':
      return privateFile;
  }
}
