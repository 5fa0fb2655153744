import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { makeFolder, PkiError, readTextIfPresent, writeNew } from '#pki';
import { WizardError } from '../errors.js';
import { runFolder } from '../layout.js';
import { identityOf, mayBeAlive, type ProcessIdentity } from './process-identity.js';

const lockMode = 0o600;
const attemptsMax = 5;
const shape = z.object({ pid: z.int(), host: z.string(), started: z.string() });

/** Holds DIR for one run of apply. */
export interface Lock {
  /** The process whose unfinished run this one takes up. */
  readonly interrupted: ProcessIdentity | undefined;
  release(): Promise<void>;
}

function parse(text: string): ProcessIdentity | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function taken(path: string, content: string): Promise<boolean> {
  try {
    await writeNew(path, content, lockMode);
    return true;
  } catch (error) {
    if (error instanceof PkiError && error.code === 'file-exists') return false;
    throw error;
  }
}

/**
 * Moves a dead run's lock out of the way. Another process may have done so, and have taken the lock, since `stale` was
 * read: then what was moved is that one's lock, and goes back.
 */
async function clear(path: string, stale: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readTextIfPresent(aside);
  if (moved !== undefined && moved !== stale) await taken(path, moved);
  await rm(aside, { force: true });
}

function busy(path: string, holder: ProcessIdentity | undefined): WizardError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  const hint = `wait until it is done; if there is no such process, delete ${path}`;
  return new WizardError('busy', `${who} is at work here`, { path, ...holder }, { hint });
}

/**
 * Takes DIR for this process. The lock of a process that is no more is taken over.
 *
 * @throws WizardError `busy`
 */
export async function takeLock(dir: string): Promise<Lock> {
  const folder = join(dir, runFolder);
  const path = join(folder, 'apply.lock');
  const content = `${JSON.stringify(identityOf(process.pid))}\n`;
  await makeFolder(folder);
  let interrupted: ProcessIdentity | undefined;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (await taken(path, content)) {
      return { interrupted, release: () => rm(path, { force: true }) };
    }
    const found = await readTextIfPresent(path);
    if (found === undefined) continue;
    const holder = parse(found);
    // A lock is written whole or not at all: one that can't be read is not ours to judge.
    if (holder === undefined || mayBeAlive(holder)) throw busy(path, holder);
    interrupted = holder;
    await clear(path, found);
  }
  throw busy(path, undefined);
}
