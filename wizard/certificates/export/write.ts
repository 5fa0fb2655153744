import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { placeFiles } from '#pki';
import { WizardError } from '../../errors.js';
import { pkiFolder } from '../../layout.js';
import type { ExportedFile } from './formats.js';

export interface WriteOptions {
  /** The folder that the files' names are below; or, of a single file, its own path. */
  readonly out: string;
  readonly single: boolean;
  readonly force: boolean;
  /** DIR, absolute. */
  readonly dir: string;
}

/** Folders of DIR in which nothing is replaced: apply makes what is in them. */
const keptFolders: readonly string[] = [pkiFolder, 'members', 'users', 'issued', 'data', 'run'];

/** Writes what is exported. @returns the paths. @throws WizardError `usage`, PkiError `file-exists` or what the disk says */
export async function writeExport(files: readonly ExportedFile[], options: WriteOptions): Promise<string[]> {
  const { out, single, force, dir } = options;
  const placed = files.map(({ name, ...file }) => ({ ...file, path: single ? out : join(out, name) }));
  if (force) for (const { path } of placed) await refuseKept(path, dir);
  await placeFiles(placed, { replace: force });
  return placed.map(({ path }) => path);
}

async function refuseKept(path: string, dir: string): Promise<void> {
  const [real, kept] = await Promise.all([realPath(path), realPath(dir)]);
  const folder = keptFolders.find((each) => real.startsWith(join(kept, each) + sep));
  if (folder === undefined) return;
  const hint = 'write it elsewhere with --out';
  throw new WizardError(
    'usage',
    `${path} is among what quorate keeps in ${dir}: --force replaces nothing there`,
    { path },
    { hint },
  );
}

/** Of the folder that a file goes into, as far as that is there: a link at the file's own place is not followed. */
async function realPath(path: string): Promise<string> {
  const above = dirname(resolve(path));
  if (above === resolve(path)) return above;
  const folder = await realpath(above).catch(() => realPath(above));
  return join(folder, basename(path));
}
