// The one file of the wing that touches the disk. What it writes is there whole or not at all, also after a power cut.
import { randomBytes } from 'node:crypto';
import {
  chmod,
  constants,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, guarded, unlessMissing } from './file-errors.js';

export const privateMode = 0o600;
export const publicMode = 0o644;
const folderMode = 0o700;

export interface NewFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
}

export const readText = (path: string): Promise<string> => guarded('read', path, () => readFile(path, 'utf8'));

export const readTextIfPresent = (path: string): Promise<string | undefined> => unlessMissing(readText(path));

/** The permission bits, or undefined when there is nothing at `path`. */
export async function modeOf(path: string): Promise<number | undefined> {
  const found = await unlessMissing(guarded('look at', path, () => stat(path)));
  return found === undefined ? undefined : found.mode & 0o777;
}

/** Sets the permission bits of what is at `path`. */
export const setMode = (path: string, mode: number): Promise<void> =>
  guarded('set the permissions of', path, () => chmod(path, mode));

/** The names in a folder; none when there is no folder. Half-written files of interrupted runs are not listed. */
export async function listFolder(path: string): Promise<string[]> {
  const names = (await unlessMissing(guarded('list', path, () => readdir(path)))) ?? [];
  return names.filter((name) => !temporary.test(name));
}

/** mkdir -p. On a read-only file system Node says ENOENT where the reason is EROFS; a plain mkdir of what is missing says why. */
async function makeFolders(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true, mode: folderMode });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await mkdir(path, { mode: folderMode });
    return path;
  }
}

/** Makes a folder (0700) and those that it stands in, as far as they are missing, and returns once they are durable. */
export const makeFolder = (path: string): Promise<void> =>
  guarded('create the folder', path, async () => {
    const first = await makeFolders(resolve(path));
    if (first === undefined) return;
    for (let made = resolve(path); made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
  });

/**
 * Clears what runs that were killed left in a folder, and says how many files that were. A running writer's file stays,
 * and so does what this user may not remove: it is in nobody's way.
 */
export async function sweepFolder(path: string): Promise<number> {
  let swept = 0;
  for (const name of (await unlessMissing(guarded('list', path, () => readdir(path)))) ?? []) {
    const [, pid] = temporary.exec(name) ?? [];
    if (pid === undefined || isRunning(Number(pid))) continue;
    swept += await rm(join(path, name), { recursive: true, force: true }).then(
      () => 1,
      () => 0,
    );
  }
  return swept;
}

/**
 * Puts a new file at `path` and never replaces one: link(2) fails when anything is there, a dangling symbolic link too.
 * @throws PkiError `file-exists`
 */
export async function writeNew(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await viaTemporary(path, content, mode, async (temporaryPath) => {
    await link(temporaryPath, path);
    await unlink(temporaryPath);
  });
}

/** Puts a file at `path`, in place of whatever file or symbolic link is there. Never for keys. */
export async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await viaTemporary(path, content, mode, (temporaryPath) => rename(temporaryPath, path));
}

/**
 * Creates the folder with all of `files` in one step: rename(2) of a finished folder, which fails unless there is
 * nothing, or an empty folder, at `path`. So an interrupted run leaves no half of it behind.
 * @throws PkiError `file-exists`
 */
export async function createFolder(path: string, files: readonly NewFile[]): Promise<void> {
  await makeFolder(dirname(path));
  await sweepFolder(dirname(path));
  const staging = temporaryName(path);
  await guarded('create', path, async () => {
    try {
      await mkdir(staging, { mode: folderMode });
      for (const { name, content, mode } of files) await writeWhole(join(staging, name), content, mode);
      await syncFolder(staging);
      await rename(staging, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(staging, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
  });
}

/** Adds one line (given without its line break) to a file that is there, and returns once it is durable. */
export async function appendLine(path: string, line: string): Promise<void> {
  await guarded('append to', path, async () => {
    const file = await open(path, constants.O_RDWR | constants.O_APPEND);
    try {
      await dropTornLine(file);
      await file.writeFile(`${line}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  });
}

/** A last line without its end is an append that a crash or a full disk cut off. */
async function dropTornLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const end = Buffer.alloc(1);
  if (size === 0 || (await file.read(end, 0, 1, size - 1)).bytesRead !== 1 || end.toString() === '\n') return;
  const content = Buffer.alloc(size);
  await file.read(content, 0, size, 0);
  await file.truncate(content.lastIndexOf('\n') + 1);
}

/** `.NAME.PID-RANDOM.tmp`: hidden, beside its target (rename and link stay on one file system), its writer known. */
const temporary = /^\..+\.(\d+)-[0-9a-f]{8}\.tmp$/;
const temporaryName = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);

async function viaTemporary(
  path: string,
  content: string | Uint8Array,
  mode: number,
  place: (temporaryPath: string) => Promise<void>,
): Promise<void> {
  await makeFolder(dirname(path));
  await sweepFolder(dirname(path));
  const temporaryPath = temporaryName(path);
  await guarded('write', path, async () => {
    try {
      await writeWhole(temporaryPath, content, mode);
      await place(temporaryPath);
      await syncFolder(dirname(path));
    } catch (error) {
      await unlink(temporaryPath).catch(() => {});
      throw error;
    }
  });
}

/** `wx`: never through a link that somebody laid. The mode is set on the open file, whatever the umask. */
async function writeWhole(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', privateMode);
  try {
    await file.writeFile(content);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A name is durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
