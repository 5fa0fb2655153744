import { ClusterError } from '../errors.js';

const rebuildHint =
  'do not repair the file; if the cluster has a majority without this member, remove its data and let it be rebuilt from the others, else restore the cluster from a snapshot';

/** The log holds something that it can't have written, or lacks something that it has. */
export const logDamaged = (
  path: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): ClusterError => new ClusterError('log-damaged', `${path}: ${message}`, { path, ...details }, { hint: rebuildHint });

const errnoOf = (cause: unknown): string | undefined =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;

/** What the disk refused to do, as the error that the member stops with. */
export function diskFailure(cause: unknown, path: string, doing: string, bytes: number): ClusterError {
  if (cause instanceof ClusterError) return cause;
  const errno = errnoOf(cause);
  const details = { path, bytes, errno };
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new ClusterError('disk-full', `${path}: no space left (${errno}) while ${doing} ${bytes} bytes`, details, {
      hint: 'make room on the disk and start the member again; nothing that was acknowledged is lost',
      cause,
    });
  const reason = errno ?? (cause instanceof Error ? cause.message : String(cause));
  return new ClusterError('log-damaged', `${path}: ${doing} ${bytes} bytes failed (${reason})`, details, {
    hint: 'after a failed write or sync the file can not be trusted: check the disk and the kernel log, then start the member again',
    cause,
  });
}

/** Runs one action of the disk; its failure names the file, what was done and how many bytes it was about. */
export async function attempt<Result>(
  path: string,
  doing: string,
  bytes: number,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw diskFailure(cause, path, doing, bytes);
  }
}
