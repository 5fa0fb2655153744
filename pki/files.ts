// The one file of the wing that touches the disk. What it writes is there whole or not at all, also after a power cut.
import { randomBytes } from 'node:crypto';
import {
  appendFile,
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  statfs,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PkiError } from './errors.js';
import { errnoOf, guarded, unlessMissing } from './file-errors.js';

export const privateMode = 0o600;
export const publicMode = 0o644;
const folderMode = 0o700;

export interface NewFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
}

export interface PathFile extends Omit<NewFile, 'name'> {
  readonly path: string;
}

export const readText = (path: string): Promise<string> => guarded('read', path, () => readFile(path, 'utf8'));

/** At most `bytesMax` and one more, so that whoever reads sees that there is too much; of a device or a pipe too. */
export const readBytes = (path: string, bytesMax: number): Promise<Buffer> =>
  guarded('read', path, async () => {
    const file = await open(path, 'r');
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of file.createReadStream({ end: bytesMax, autoClose: false }))
        chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } finally {
      await file.close();
    }
  });

/** At most `length` octets of a file, from `at` on. */
export const readPart = (path: string, at: number, length: number): Promise<Buffer> =>
  guarded('read', path, async () => {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  });

/** In octets; undefined when there is nothing at `path`. */
export const sizeOf = async (path: string): Promise<number | undefined> =>
  (await unlessMissing(guarded('look at', path, () => stat(path))))?.size;

/** Which file it is, by whatever name; undefined when there is nothing at `path`. */
export async function identityOf(path: string): Promise<string | undefined> {
  const found = await unlessMissing(guarded('look at', path, () => stat(path)));
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}

/** Without symbolic links. */
export const realPath = (path: string): Promise<string> => guarded('look at', path, () => realpath(path));

/** What the file system has left where `path` is. */
export const freeBytesBeside = (path: string): Promise<number> =>
  guarded('look at', dirname(path), async () => {
    const { bavail, bsize } = await statfs(dirname(path));
    return bavail * bsize;
  });

/** Whether anything is at `path`, a dangling symbolic link too. */
export async function isTaken(path: string): Promise<boolean> {
  return (await unlessMissing(guarded('look at', path, () => lstat(path)))) !== undefined;
}

export const isLink = (path: string): Promise<boolean> =>
  guarded('look at', path, async () => (await lstat(path)).isSymbolicLink());

export const readTextIfPresent = (path: string): Promise<string | undefined> => unlessMissing(readText(path));

/** The permission bits, or undefined when there is nothing at `path`. */
export async function modeOf(path: string): Promise<number | undefined> {
  const found = await unlessMissing(guarded('look at', path, () => stat(path)));
  return found === undefined ? undefined : found.mode & 0o777;
}

/** Whether a folder, or a link to one, is at `path`. */
export async function isFolder(path: string): Promise<boolean> {
  return (await unlessMissing(guarded('look at', path, () => stat(path))))?.isDirectory() === true;
}

/** Sets the permission bits of what is at `path`. */
export const setMode = (path: string, mode: number): Promise<void> =>
  guarded('set the permissions of', path, () => chmod(path, mode));

/** The names in a folder; none when there is no folder. Half-written files of interrupted runs are not listed. */
export async function listFolder(path: string): Promise<string[]> {
  const names = (await unlessMissing(guarded('list', path, () => readdir(path)))) ?? [];
  return names.filter((name) => !temporary.test(name));
}

/**
 * mkdir -p, with the system's reason where it is refused: Node's own gives another one on a read-only file system, and
 * never ends where nothing can be made at all (/proc).
 * @returns the topmost that was made
 */
async function makeFolders(path: string): Promise<string | undefined> {
  try {
    return await makeOne(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  const above = await makeFolders(dirname(path));
  const made = await makeOne(path);
  return above ?? made;
}

/** Undefined where there is one already. */
async function makeOne(path: string): Promise<string | undefined> {
  try {
    await mkdir(path, { mode: folderMode });
    return path;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && (await isFolder(path))) return undefined;
    throw error;
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

const swept = new Set<string>();

/** What was left by runs that are over is there when this process first writes: looking again costs as much as the folder is long. */
async function sweepOnce(path: string): Promise<void> {
  const run = `${process.pid} ${path}`;
  if (swept.has(run)) return;
  swept.add(run);
  await sweepFolder(path);
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

/** Whether something is at `path`, or where a link there leads, that is no file: a folder, a device, a pipe. */
export async function isSpecial(path: string): Promise<boolean> {
  return (await unlessMissing(guarded('look at', path, () => stat(path))))?.isFile() === false;
}

/**
 * Puts a file at `path`, in place of whatever file or symbolic link is there. Of keys only for the same one, sealed otherwise.
 * @throws PkiError `file-exists` for a device or a pipe: /dev/null is everybody's
 */
export async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  if (await isSpecial(path)) {
    const hint = 'name the path of a file';
    throw new PkiError('file-exists', `${path} is no file, and nothing is put in its place`, { path }, { hint });
  }
  await viaTemporary(path, content, mode, (temporaryPath) => rename(temporaryPath, path));
}

export const removeIfPresent = (path: string): Promise<void> =>
  guarded('remove', path, () => rm(path, { force: true }));

/**
 * Puts several files of one folder in place of those that are there, in the order given. All are whole and durable
 * before the first takes its place, so that there is as little as can be between the first and the last.
 */
export async function replaceTogether(files: readonly PathFile[]): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  const folder = dirname(first.path);
  await sweepOnce(folder);
  const staged = files.map((file) => ({ ...file, temporaryPath: temporaryName(file.path) }));
  await guarded('write', first.path, async () => {
    try {
      for (const { temporaryPath, content, mode } of staged) await writeWhole(temporaryPath, content, mode);
      await syncFolder(folder);
      for (const { temporaryPath, path } of staged) await rename(temporaryPath, path);
      await syncFolder(folder);
    } catch (error) {
      for (const { temporaryPath } of staged) await unlink(temporaryPath).catch(() => {});
      throw error;
    }
  });
}

/** Takes away what this run has put down itself. */
export const removeFile = (path: string): Promise<void> => guarded('remove', path, () => unlink(path));

/**
 * Creates the folder with all of `files` in one step: rename(2) of a finished folder, which fails unless there is
 * nothing, or an empty folder, at `path`. So an interrupted run leaves no half of it behind. `more` adds what it writes itself.
 * @throws PkiError `file-exists`
 */
export async function createFolder(
  path: string,
  files: readonly NewFile[],
  more: (staging: string) => Promise<void> = async () => {},
): Promise<void> {
  await makeFolder(dirname(path));
  await sweepFolder(dirname(path));
  const staging = temporaryName(path);
  await guarded('create', path, async () => {
    try {
      await mkdir(staging, { mode: folderMode });
      for (const { name, content, mode } of files) await writeWhole(join(staging, name), content, mode);
      await more(staging);
      await syncFolder(staging);
      await rename(staging, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(staging, { recursive: true, force: true }).catch(() => {});
      throw atFinalPlace(error, staging, path);
    }
  });
}

/** With the name that people know. */
function atFinalPlace(error: unknown, staging: string, path: string): unknown {
  if (!(error instanceof PkiError)) return error;
  const { code, message, details, hint, cause } = error;
  return new PkiError(code, message.replaceAll(staging, path), details, {
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}

/** Makes a file longer, by zeros at its end. */
export const appendZeros = (path: string, count: number): Promise<void> =>
  guarded('write', path, () => appendFile(path, Buffer.alloc(count)));

/** Fails where a file of `count` octets does not fit beside `path`. */
export const checkRoom = (path: string, count: number): Promise<void> =>
  guarded('write', path, async () => {
    const probe = temporaryName(path);
    try {
      await writeFile(probe, Buffer.alloc(count), { flag: 'wx', mode: privateMode });
    } finally {
      await rm(probe, { force: true });
    }
  });

/** Gives what is at `path` another name in its folder, which is durable then. Somebody else may have done so before. */
export const setAside = (path: string, name: string): Promise<void> =>
  guarded('rename', path, async () => {
    await rename(path, join(dirname(path), name)).catch((error) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
    await syncFolder(dirname(path));
  });

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
  await sweepOnce(dirname(path));
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
