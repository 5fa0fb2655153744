import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isTaken, PkiError, readBytes, replaceFile } from '#pki';
import { publicFile } from '../../artifacts/artifact.js';
import { memberRevocations, revocationListSizeMax } from '../../layout.js';
import type { Plan } from '../../plan/plan.js';
import { revocationsOf } from '../../rotation/follow.js';

/** Puts the authority's list at a member's place, in one step: whoever reads it has the old one or the new one. */
export async function copyRevocations(dir: string, path: string): Promise<void> {
  await replaceFile(path, await readList(await revocationsOf(dir)), publicFile);
}

/** A member's copy of the revocation list. */
export interface RevocationCopy {
  readonly member: string;
  /** Relative to DIR. */
  readonly path: string;
  readonly state: 'current' | 'outdated' | 'missing';
}

export async function inspectCopies(plan: Plan, dir: string): Promise<readonly RevocationCopy[]> {
  const current = digestOf(await readList(await revocationsOf(dir)));
  return Promise.all(
    plan.members.map(async ({ name }) => {
      const path = memberRevocations(plan.cluster.run, name);
      if (!(await isTaken(join(dir, path)))) return { member: name, path, state: 'missing' };
      const content = await readBytes(join(dir, path), revocationListSizeMax).catch(() => Buffer.alloc(0));
      return { member: name, path, state: digestOf(content) === current ? 'current' : 'outdated' };
    }),
  );
}

/** Brings every member's copy up to date. @returns those that were not */
export async function deliver(plan: Plan, dir: string): Promise<readonly RevocationCopy[]> {
  const stale = (await inspectCopies(plan, dir)).filter(({ state }) => state !== 'current');
  for (const { path } of stale) await copyRevocations(dir, join(dir, path));
  return stale;
}

const digestOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

async function readList(path: string): Promise<Buffer> {
  try {
    return await readBytes(path, revocationListSizeMax);
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'file-missing') throw error;
    const hint = 'quorate cert crl --renew makes it again';
    throw new PkiError(error.code, error.message, error.details, { hint, cause: error });
  }
}
