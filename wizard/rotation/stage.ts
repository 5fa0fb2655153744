import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isTaken, makeFolder } from '#pki';
import { droppedPkiFolder, nextPkiFolder, oldPkiFolder, pkiFolder } from '../layout.js';

/**
 * How far the rotation of the authority is. It is said by the folders that are there and nowhere else, so each change is one
 * rename, and an ordinary apply makes all else follow:
 *
 * | stage           | signs | trusted       | folders          |
 * |-----------------|-------|---------------|------------------|
 * | none            | pki   | pki           | pki              |
 * | both-trusted    | pki   | pki, pki-next | pki, pki-next    |
 * | leaves-replaced | pki   | pki, pki-old  | pki, pki-old     |
 * | old-dropped     | pki   | pki           | pki, pki-dropped |
 */
export type Stage = 'none' | 'both-trusted' | 'leaves-replaced' | 'old-dropped';

const isThere = (dir: string, folder: string): Promise<boolean> => isTaken(join(dir, folder));

/** Call it once settled. */
export async function stageOf(dir: string): Promise<Stage> {
  if (await isThere(dir, nextPkiFolder)) return 'both-trusted';
  if (await isThere(dir, oldPkiFolder)) return 'leaves-replaced';
  return (await isThere(dir, droppedPkiFolder)) ? 'old-dropped' : 'none';
}

/** Completes an exchange of the authorities that was interrupted between its two renames. Under DIR's lock. */
export async function settleExchange(dir: string): Promise<void> {
  if (await isThere(dir, pkiFolder)) return;
  const begun = (await isThere(dir, oldPkiFolder)) && (await isThere(dir, nextPkiFolder));
  if (begun) await move(dir, nextPkiFolder, pkiFolder);
}

/** The next authority signs from now on. Under DIR's lock. */
export async function exchange(dir: string): Promise<void> {
  await move(dir, pkiFolder, oldPkiFolder);
  await move(dir, nextPkiFolder, pkiFolder);
}

export async function move(dir: string, from: string, to: string): Promise<void> {
  await makeFolder(dirname(join(dir, to)));
  await rename(join(dir, from), join(dir, to));
}

/** The folder of the authority that is trusted beside the one that signs, if there is one. */
export async function companionOf(dir: string): Promise<string | undefined> {
  const stage = await stageOf(dir);
  if (stage === 'both-trusted') return nextPkiFolder;
  return stage === 'leaves-replaced' ? oldPkiFolder : undefined;
}
