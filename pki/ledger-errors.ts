// What LMDB and the disk say, as ours.
import { PkiError } from './errors.js';
import { errnoOf, guarded } from './file-errors.js';
import { freeBytesBeside } from './files.js';
import { ledgerDamaged } from './ledger-entry.js';

const systemErrors: Readonly<Record<number, string>> = {
  5: 'EIO',
  13: 'EACCES',
  28: 'ENOSPC',
  30: 'EROFS',
  122: 'EDQUOT',
};
const mapFull = -30792;
/** LMDB reports a write that was cut short by a full disk as an I/O error. */
const spareBytesMin = 1 << 20;

/** @throws PkiError for whatever `work` fails with, named by what was done to which file */
export async function orLedgerError<Result>(
  action: string,
  path: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    const error = await explained(thrown, path);
    if (error instanceof PkiError) throw error;
    return guarded(action, path, () => Promise.reject(error));
  }
}

async function explained(thrown: unknown, path: string): Promise<unknown> {
  if (thrown instanceof PkiError) return thrown;
  const error = await causeOf(thrown);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'number') return error;
  if (code === mapFull || (code === 5 && (await freeBytesBeside(path)) < spareBytesMin))
    return withErrno('ENOSPC', error);
  if (code <= -30700 && code > -30800) return ledgerDamaged(path, (error as Error).message, error);
  return withErrno(systemErrors[code] ?? errnoOf(error), error);
}

const withErrno = (code: string, cause: unknown): Error => Object.assign(new Error(code, { cause }), { code });

/** lmdb-js rejects a failed commit with a general error that holds a promise of the real one. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  try {
    return await error.commitError;
  } catch (cause) {
    return cause;
  }
}
