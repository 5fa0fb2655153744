// Several files that belong together, put where a person wants them: all or none, and nothing that is there is lost unasked.
import { createPublicKey } from 'node:crypto';
import { PkiError } from './errors.js';
import { isTaken, privateMode, publicMode, readBytes, removeFile, replaceFile, writeNew } from './files.js';
import { keyFromPem, publicKeyDer } from './keys.js';

export interface PlacedFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** For its owner only. */
  readonly secret: boolean;
}

export interface PlaceOptions {
  /** Whether files that are there are replaced. A private key of something else never is. */
  readonly replace: boolean;
}

const modeOf = ({ secret }: PlacedFile): number => (secret ? privateMode : publicMode);

/**
 * Writes all files. Without `replace` nothing is written when anything, a dangling symbolic link too, is at one of the
 * paths (but for what is public and there already), and what was written goes again when a later one can not be. With it a link is replaced, not followed.
 * @throws PkiError `file-exists` naming every path that is taken, or what the disk says
 */
export async function placeFiles(files: readonly PlacedFile[], { replace }: PlaceOptions): Promise<void> {
  if (replace) {
    await refusePrecious(files);
    for (const file of files) await replaceFile(file.path, file.content, modeOf(file));
    return;
  }
  const missing = await refuseTaken(files);
  const written: string[] = [];
  try {
    for (const file of missing) {
      await writeNew(file.path, file.content, modeOf(file));
      written.push(file.path);
    }
  } catch (error) {
    for (const path of written) await removeFile(path).catch(() => {});
    throw error;
  }
}

/** @returns what is still to be written: an authority that was exported before, with another certificate, is in nobody's way. */
async function refuseTaken(files: readonly PlacedFile[]): Promise<PlacedFile[]> {
  const same = await whichOf(files, isThere);
  const missing = files.filter(({ path }) => !same.includes(path));
  const taken = await whichOf(missing, ({ path }) => isTaken(path));
  if (taken.length === 0) return missing;
  const hint = 'move away what is there, or write elsewhere: --out; --force replaces it';
  throw exists(taken, 'there already, and not overwritten', hint);
}

async function refusePrecious(files: readonly PlacedFile[]): Promise<void> {
  const precious = await whichOf(files, isOtherKey);
  if (precious.length === 0) return;
  const hint = 'a key may be the only one that there is: move it away yourself, or write elsewhere with --out';
  throw exists(precious, 'the private key of something else, and never replaced', hint);
}

async function whichOf(files: readonly PlacedFile[], is: (file: PlacedFile) => Promise<boolean>): Promise<string[]> {
  const answers = await Promise.all(files.map(is));
  return files.filter((_, index) => answers[index]).map(({ path }) => path);
}

const exists = (paths: readonly string[], why: string, hint: string): PkiError =>
  new PkiError('file-exists', `${paths.join(', ')} ${paths.length === 1 ? 'is' : 'are'} ${why}`, { paths }, { hint });

/** Nothing secret: such a file's mode would matter too. */
async function isThere({ path, content, secret }: PlacedFile): Promise<boolean> {
  if (secret) return false;
  const there = await readBytes(path, content.length).catch(() => undefined);
  return there?.equals(Buffer.from(content)) === true;
}

const keySizeMax = 65_536;

/** Whether a key would go that is not in what takes its place. An encrypted one is nobody's that is known here. */
async function isOtherKey({ path, content }: PlacedFile): Promise<boolean> {
  const there = await readBytes(path, keySizeMax).catch(() => undefined);
  if (there === undefined || !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(there.toString('latin1'))) return false;
  const [old, next] = [there.toString('utf8'), content.toString()].map(publicHalf);
  return old === undefined || old !== next;
}

function publicHalf(text: string): string | undefined {
  try {
    return publicKeyDer(createPublicKey(keyFromPem(text, 'a key'))).toString('hex');
  } catch {
    return undefined;
  }
}
