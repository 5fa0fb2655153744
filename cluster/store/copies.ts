import { renameSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import type { Index } from '../numbers.js';
import * as file from './data-file.js';
import { failureOf } from './failures.js';

// Copies of the data file: complete and on the disk before they get a name that counts.

/** Writes what is committed to a new file, without the free pages; says its index. */
export async function copyCommitted(root: file.Root, path: string): Promise<Index> {
  try {
    await rm(path, { force: true });
    await root.backup(path, true);
    await chmod(path, 0o600);
    await file.syncPath(path);
    // A commit may have come in between: the copy itself knows best.
    return await file.inspectFile(path);
  } catch (error) {
    await rm(path, { force: true });
    throw await failureOf(error, path);
  }
}

/** Where a compact copy lies until it takes the data file's place; left over by a process that was killed meanwhile. */
const compactFile = (path: string): string => `${path}.compact`;

export const removeCompactCopy = (path: string): Promise<void> => file.removeFile(compactFile(path));

/** A compact copy that is open, and has not taken the data file's place yet. */
export class CompactCopy {
  readonly root: file.Root;
  readonly index: Index;
  readonly #path: string;

  private constructor(path: string, root: file.Root, index: Index) {
    this.#path = path;
    this.root = root;
    this.index = index;
  }

  static async make(path: string, original: file.Root, lax: boolean): Promise<CompactCopy> {
    const index = await copyCommitted(original, compactFile(path));
    try {
      return new CompactCopy(path, file.openRoot(compactFile(path), { lax }), index);
    } catch (error) {
      await removeCompactCopy(path);
      throw error;
    }
  }

  /** All of it or nothing, and no other code runs meanwhile. */
  takePlace(): void {
    renameSync(compactFile(this.#path), this.#path);
  }

  /** Makes the change of place durable. LMDB holds its lock files open; other files by their names must not find them. */
  async settle(): Promise<void> {
    await rm(`${compactFile(this.#path)}-lock`, { force: true });
    await rm(`${this.#path}-lock`, { force: true });
    await file.syncFolderOf(this.#path);
  }

  async discard(): Promise<void> {
    await this.root.close();
    await removeCompactCopy(this.#path);
  }
}
