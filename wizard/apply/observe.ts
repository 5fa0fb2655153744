import { join } from 'node:path';
import { authorityState, type ExistingKeyPair, modeOf, observeKeyPair, readTextIfPresent } from '#pki';
import type { AccessArtifact, Artifact } from '../artifacts/artifact.js';
import type { Observed, ObservedAccess } from '../steps/observed.js';
import { parseAccess, withoutHashes } from './access-file.js';
import { passwordMatches, readPassword } from './passwords.js';

/** Which of the users with a password have another one than their kit says. */
async function staleUsers(
  dir: string,
  artifact: AccessArtifact,
  hashes: ReadonlyMap<string, string>,
): Promise<string[]> {
  const checked = await Promise.all(
    artifact.passwords.map(async ({ user, path }) => {
      const password = await readPassword(join(dir, path));
      const holds = password !== undefined && (await passwordMatches(password, hashes.get(user) ?? ''));
      return holds ? [] : [user];
    }),
  );
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

/** Looks at the place of every artifact. Reads only. @throws PkiError what the disk says */
export async function observe(dir: string, artifacts: readonly Artifact[]): Promise<Observed> {
  const modes = new Map<string, number>();
  const contents = new Map<string, string>();
  const keyPairs = new Map<string, ExistingKeyPair>();
  const access = new Map<string, ObservedAccess>();
  let authority: Observed['authority'] = { state: 'absent' };

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
      case 'trust':
      case 'file': {
        const content = await readTextIfPresent(join(dir, artifact.path));
        if (content !== undefined) contents.set(artifact.path, content);
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
  await Promise.all(artifacts.map(look));
  return { authority, modes, contents, keyPairs, access };
}
