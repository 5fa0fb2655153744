import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClusterError, type EtcdClient } from '#cluster';
import { type SnapshotStatus, snapshotStatus } from '#cluster/snapshots';
import { isSpecial } from '#pki';
import { WizardError } from '../errors.js';

export interface SaveOptions {
  readonly client: EtcdClient;
  /** Which member is asked for it. */
  readonly endpoint: string;
  readonly path: string;
  /** Takes the place of a file that is there. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** In bytes; `whole` is undefined until the first piece has come. */
  readonly progress: (done: number, whole: number | undefined) => void;
}

const privateFile = 0o600;
/** The member writes all of it down before the first piece goes out. */
const pieceWithinMs = 300_000;

/**
 * Takes a snapshot from a member into a file that appears whole, checked and on the disk, or not at all.
 * @throws WizardError files-refused, ClusterError
 */
export async function saveSnapshot(options: SaveOptions): Promise<SnapshotStatus> {
  const { path, force, signal } = options;
  if (!force && (await isThere(path))) throw exists(path);
  // A whole file takes the place of what is there: no device's, and no pipe's.
  if (await isSpecial(path)) throw notAFile(path);
  const part = `${path}.part-${process.pid}`;
  try {
    const file = await open(part, 'wx', privateFile);
    try {
      await download(file, options);
      await file.sync();
    } finally {
      await file.close();
    }
    const status = await snapshotStatus(part, { signal });
    if (!status.hasDigest) throw withoutDigest(options.endpoint);
    await (force ? rename(part, path) : moveToFree(part, path));
    await syncFolder(dirname(path));
    return status;
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    await rm(part, { force: true });
  }
}

async function download(file: FileHandle, { client, endpoint, signal, progress }: SaveOptions): Promise<void> {
  let done = 0;
  progress(done, undefined);
  for await (const { bytes, remaining } of client.snapshot(endpoint, { signal, timeoutMs: pieceWithinMs })) {
    for (let written = 0; written < bytes.length; ) {
      written += (await file.write(bytes, written)).bytesWritten;
    }
    done += bytes.length;
    progress(done, done + remaining);
  }
}

/** A link is refused where a file has appeared meanwhile; not every file system has links. */
async function moveToFree(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (await isThere(path))) throw exists(path);
    await rename(part, path);
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const exists = (path: string): WizardError =>
  new WizardError('files-refused', `${path} is there already`, { path }, { hint: 'name another file, or --force' });

const notAFile = (path: string): WizardError =>
  new WizardError(
    'files-refused',
    `${path} is no file`,
    { path },
    { hint: 'name a file: it appears whole, or not at all' },
  );

const withoutDigest = (endpoint: string): ClusterError =>
  new ClusterError(
    'snapshot-damaged',
    `what ${endpoint} sent does not end with the SHA-256 that a snapshot has`,
    { endpoint },
    { hint: 'ask another member: --endpoint' },
  );

const reasons: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ['no space left there', 'free some, or name a file on another disk; nothing was left behind'],
  EDQUOT: ['your quota there is used up', 'free some, or name a file on another disk; nothing was left behind'],
  ENOENT: ['there is no such folder', 'make it first, or name another file'],
  ENOTDIR: ['something on the way to it is no folder', 'name another file'],
  EACCES: ['this user may not write there', 'name another file'],
  EROFS: ['that file system can only be read', 'name another file'],
};

function failureOf(error: unknown, path: string): unknown {
  const known = error instanceof Error && 'code' in error ? reasons[String(error.code)] : undefined;
  if (known === undefined) return error;
  const [reason, hint] = known;
  return new WizardError('files-refused', `${path} can't be written: ${reason}`, { path }, { cause: error, hint });
}
