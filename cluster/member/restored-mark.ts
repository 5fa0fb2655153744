import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// A cluster that was restored is another one than the one that the snapshot is of, although its members have the same
// names, addresses and token: a member that still has the old data must never be taken for one of it. So its ids come
// from what it was restored from, too, and its data folders say what that was.

const fileName = 'restored.json';

/** The same for all members that are restored from one snapshot in the same way. */
export const restoredMark = (sha256: string, bumped: number): string =>
  createHash('sha256').update(`${sha256} ${bumped}`).digest('hex');

export const writeRestoredMark = (root: string, mark: string): Promise<void> =>
  writeFile(join(root, fileName), `${JSON.stringify({ mark })}\n`, { mode: 0o600, flag: 'wx', flush: true });

/** Undefined: the member was not restored. */
export async function readRestoredMark(root: string): Promise<string | undefined> {
  try {
    const { mark } = JSON.parse(await readFile(join(root, fileName), 'utf8')) as { mark: string };
    return mark;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const tokenOf = (token: string, mark: string | undefined): string =>
  mark === undefined ? token : `${token}\0${mark}`;
