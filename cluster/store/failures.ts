import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClusterError } from '../errors.js';

// What LMDB and the file system say, as the store's errors.

export const damaged = (path: string, why: string, cause?: unknown): ClusterError =>
  new ClusterError(
    'store-damaged',
    `${path} is no usable store file: ${why}`,
    { path },
    {
      hint: 'remove this member from the cluster, empty its data directory and add it again',
      ...(cause === undefined ? {} : { cause }),
    },
  );

const systemCodes = { ioError: 5, noSpace: 28, overQuota: 122, mapFull: -30792 };
/** LMDB reports a write that was cut short by a full disk as an I/O error. */
const spareBytesMin = 1 << 20;

/** What LMDB threw, as ours. `freeBytes`: what the file system has left. */
export function storeError(error: unknown, path: string, freeBytes: number): unknown {
  if (error instanceof ClusterError || !(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  const { ioError, noSpace, overQuota, mapFull } = systemCodes;
  const full = code === noSpace || code === overQuota || code === mapFull;
  if (full || code === 'ENOSPC' || code === 'EDQUOT' || (code === ioError && freeBytes < spareBytesMin)) {
    return new ClusterError(
      'disk-full',
      `no space left for ${path}, ${freeBytes} bytes are free`,
      { path, freeBytes },
      { cause: error, hint: 'free some space and start the member again; nothing that was acknowledged is lost' },
    );
  }
  const isLmdb = typeof code === 'number' && code <= -30700 && code > -30800;
  return isLmdb ? damaged(path, error.message, error) : error;
}

/** The same for what a commit or a copy was refused with. */
export async function failureOf(error: unknown, path: string): Promise<unknown> {
  return storeError(await causeOf(error), path, await freeBytes(path));
}

/** lmdb-js rejects a failed commit with a general error that holds a promise of the real one. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  try {
    return await error.commitError;
  } catch (cause) {
    return cause;
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize;
}
