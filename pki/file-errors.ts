// What the disk says, in a person's words.
import { PkiError, type PkiErrorCode } from './errors.js';

export const errnoOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

const explanations: Readonly<Record<string, readonly [code: PkiErrorCode, what: string, hint: string]>> = {
  ENOENT: ['file-missing', 'there is no such file', 'check the path'],
  EEXIST: [
    'file-exists',
    'something is there already, and it is not overwritten',
    'move it away if it is no longer needed',
  ],
  ENOTEMPTY: [
    'file-exists',
    'the folder is not empty, and it is not overwritten',
    'move it away if it is no longer needed',
  ],
  EACCES: ['permission-denied', 'permission denied', 'run as the user who owns it, or give this user the right'],
  EPERM: [
    'permission-denied',
    'operation not permitted',
    'run as the user who owns it; some file systems (FAT) lack hard links',
  ],
  ENOSPC: ['disk-full', 'no space left on the device', 'free some space and run the same again'],
  EDQUOT: ['disk-full', 'the disk quota is used up', 'free some space and run the same again'],
  EROFS: ['read-only', 'the file system is read-only', 'mount it writable, or choose another folder'],
  ENOTDIR: ['file-failed', 'a part of the path is no folder', 'check the path'],
  EISDIR: ['file-failed', 'it is a folder', 'check the path'],
  EBUSY: ['file-failed', 'it is a mount point', 'choose a folder below the mount point'],
};

/** Node's error, in a person's words and with the path that they know; what has its words already is left as it is. */
export async function guarded<Result>(action: string, path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PkiError) throw cause;
    const errno = errnoOf(cause);
    const [kind, what, hint] = explanations[errno] ?? (['file-failed', String(cause), 'check the disk'] as const);
    throw new PkiError(kind, `cannot ${action} ${path}: ${what}`, { path, action, errno }, { hint, cause });
  }
}

export async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PkiError && error.code === 'file-missing') return undefined;
    throw error;
  }
}
