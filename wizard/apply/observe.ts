import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  authorityState,
  type ExistingKeyPair,
  modeOf,
  observeCertified,
  observeKeyPair,
  readBytes,
  readRevocationList,
  readTextIfPresent,
} from '#pki';
import type { AccessArtifact, Artifact } from '../artifacts/artifact.js';
import { mapAtOnce } from '../at-once.js';
import { pkiFolder, revocationListSizeMax } from '../layout.js';
import { revocationsOf, trustOf } from '../rotation/follow.js';
import type { Observed, ObservedAccess } from '../steps/observed.js';
import { parseAccess, withoutHashes } from './access-file.js';
import { passwordMatches, readPassword } from './passwords.js';

/** Which of the users with a password have another one than their kit says. */
async function staleUsers(
  dir: string,
  artifact: AccessArtifact,
  hashes: ReadonlyMap<string, string>,
): Promise<string[]> {
  const checked = await mapAtOnce(artifact.passwords, async ({ user, path }) => {
    const password = await readPassword(join(dir, path));
    const holds = password !== undefined && (await passwordMatches(password, hashes.get(user) ?? ''));
    return holds ? [] : [user];
  });
  return checked.flat();
}

async function observeAccess(dir: string, artifact: AccessArtifact): Promise<ObservedAccess | undefined> {
  const text = await readTextIfPresent(join(dir, artifact.path));
  if (text === undefined) return undefined;
  const access = parseAccess(text);
  if (access === undefined) return { access, staleUsers: [] };
  const hashes = new Map(access.users.map(({ name, passwordHash }) => [name, passwordHash]));
  // A user without a password must not have a hash either.
  const expected = new Set(artifact.passwords.map(({ user }) => user));
  const surplus = [...hashes].filter(([user, hash]) => hash !== '' && !expected.has(user)).map(([user]) => user);
  return { access: withoutHashes(access), staleUsers: [...(await staleUsers(dir, artifact, hashes)), ...surplus] };
}

async function digestIfPresent(path: string): Promise<string | undefined> {
  if ((await modeOf(path)) === undefined) return undefined;
  const content = await readBytes(path, revocationListSizeMax);
  return createHash('sha256').update(content).digest('hex');
}

async function observedTrust(dir: string): Promise<string | undefined> {
  const { state } = await authorityState(join(dir, pkiFolder));
  return state === 'whole' ? trustOf(dir) : undefined;
}

/** None of a list that can't be read: `cert verify` says what is wrong with it. */
/** Of a list that can be read; whoever judges lists says what is wrong with others. */
export async function serialsOn(path: string): Promise<ReadonlySet<string>> {
  const { revoked = [] } = await readRevocationList(path).catch(() => ({ revoked: [] }));
  return new Set(revoked.map(({ serial }) => serial));
}

/** Looks at the place of every artifact. Reads only. @throws PkiError what the disk says */
export async function observe(dir: string, artifacts: readonly Artifact[]): Promise<Observed> {
  const modes = new Map<string, number>();
  const contents = new Map<string, string>();
  const keyPairs = new Map<string, ExistingKeyPair>();
  const revocationCopies = new Map<string, string>();
  const access = new Map<string, ObservedAccess>();
  let authority: Observed['authority'] = { state: 'absent' };
  const list = await revocationsOf(dir);
  const revocations = await digestIfPresent(list);
  const revokedSerials = revocations === undefined ? new Set<string>() : await serialsOn(list);

  const lookAt = async (path: string): Promise<void> => {
    const mode = await modeOf(join(dir, path));
    if (mode !== undefined) modes.set(path, mode);
  };
  const look = async (artifact: Artifact): Promise<void> => {
    await lookAt(artifact.path);
    switch (artifact.kind) {
      case 'authority':
        authority = await authorityState(join(dir, artifact.path));
        break;
      case 'key-pair': {
        await lookAt(artifact.keyPath);
        const paths = { certificate: join(dir, artifact.path), key: join(dir, artifact.keyPath) };
        keyPairs.set(artifact.path, await observeKeyPair(paths));
        break;
      }
      case 'certificate': {
        const paths = { certificate: join(dir, artifact.path), csr: join(dir, artifact.csrPath) };
        keyPairs.set(artifact.path, await observeCertified(paths));
        break;
      }
      case 'trust':
      case 'file': {
        const content = await readTextIfPresent(join(dir, artifact.path));
        if (content !== undefined) contents.set(artifact.path, content);
        break;
      }
      case 'revocations': {
        const digest = await digestIfPresent(join(dir, artifact.path));
        if (digest !== undefined) revocationCopies.set(artifact.path, digest);
        break;
      }
      case 'access': {
        const found = await observeAccess(dir, artifact);
        if (found !== undefined) access.set(artifact.path, found);
        break;
      }
      case 'folder':
      case 'password':
    }
  };
  await mapAtOnce(artifacts, look);
  const trust = await observedTrust(dir);
  return { authority, trust, modes, contents, revocations, revokedSerials, revocationCopies, keyPairs, access };
}
