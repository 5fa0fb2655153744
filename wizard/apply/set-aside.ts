import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isTaken, makeFolder } from '#pki';
import { retired } from '../layout.js';

/**
 * Takes a file or folder of DIR out of the way, with all that is in it: keys are never deleted.
 * @param path relative to DIR
 * @returns where it is now, relative to DIR; undefined when there was nothing
 */
export async function setAside(dir: string, path: string, now: Date): Promise<string | undefined> {
  if (!(await isTaken(join(dir, path)))) return undefined;
  const aside = retired(path, now);
  await makeFolder(dirname(join(dir, aside)));
  await rename(join(dir, path), join(dir, aside));
  return aside;
}
