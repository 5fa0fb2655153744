import { join } from 'node:path';
import { type Authority, isTaken, replaceKeyPair } from '#pki';
import { takeLock } from '../../apply/lock.js';
import { Realizer } from '../../apply/realize.js';
import type { KeyPairArtifact } from '../../artifacts/artifact.js';
import { openAuthorityOf } from '../../authority.js';
import { WizardError } from '../../errors.js';
import type { PassphraseSource } from '../../passphrases.js';
import type { Held } from './held.js';

export interface RenewOptions {
  readonly dir: string;
  readonly held: readonly Held[];
  /** Instead of the plan's. */
  readonly days: number | undefined;
  /** Under a new key; under the one that is there otherwise. */
  readonly newKey: boolean;
  readonly now: () => Date;
  readonly passphrases: PassphraseSource;
  readonly signal: AbortSignal;
  readonly progress: (done: number, name: string) => void;
}

/**
 * Issues each of them again and puts it in the place of the one that is there. Whoever reads finds the old one or the new
 * one; under a new key there is a moment in which the key is new and the certificate is not yet.
 *
 * @returns what a person should know
 * @throws WizardError `busy`, `usage`, `cancelled` · PkiError
 */
export async function renew(options: RenewOptions): Promise<readonly string[]> {
  const { dir, held, newKey, now, passphrases, signal, progress } = options;
  if (newKey) refuseElsewhere(held);
  else refuseCompromised(held);
  await refuseMissing(held, dir);
  const lock = await takeLock(dir);
  const realizer = new Realizer({ dir, now, passwords: new Map(), passphrases });
  let authority: Authority | undefined;
  try {
    if (newKey && held.length > 0) authority = await openAuthorityOf({ dir, passphrases });
    const notes: string[] = [];
    for (const [done, { name, artifact: planned }] of held.entries()) {
      if (signal.aborted) throw cancelled(done, held.length);
      progress(done, name);
      const artifact = { ...planned, request: { ...planned.request, days: options.days ?? planned.request.days } };
      if (authority !== undefined && artifact.kind === 'key-pair')
        notes.push(...(await underNewKey(authority, artifact, dir, now())));
      else notes.push(...(await realizer.realize({ action: 'renew', artifact, because: '' })));
    }
    return notes;
  } finally {
    await authority?.close();
    await realizer.close();
    await lock.release();
  }
}

async function underNewKey(
  authority: Authority,
  { path, keyPath, keyType, request, title }: KeyPairArtifact,
  dir: string,
  now: Date,
): Promise<readonly string[]> {
  const issued = await authority.issue({ ...request, keyType, now });
  await replaceKeyPair({ certificate: join(dir, path), key: join(dir, keyPath) }, issued);
  return issued.notes.map((note) => `${title}: ${note}`);
}

function refuseElsewhere(held: readonly Held[]): void {
  const elsewhere = held.filter(({ artifact }) => artifact.kind === 'certificate').map(({ name }) => name);
  if (elsewhere.length === 0) return;
  const what = `the key of ${elsewhere.join(', ')} is elsewhere: a new one can be made there only`;
  const hint = `have them type quorate user request NAME, and approve it; or renew without --new-key`;
  throw new WizardError('key-elsewhere', what, { elsewhere }, { hint });
}

/** A key that others have is not certified again. */
function refuseCompromised(held: readonly Held[]): void {
  const compromised = held.filter(({ revocation }) => revocation?.reason === 'key-compromise').map(({ name }) => name);
  if (compromised.length === 0) return;
  const what = `${compromised.join(', ')} was revoked since others may have the key: that key is not certified again`;
  const hint =
    'quorate cert renew NAME --new-key; whose key is elsewhere: quorate user request NAME makes another one there';
  throw new WizardError('key-compromised', what, { compromised }, { hint });
}

/** What is not there, or was put there by hand, is apply's to make: this only gives more time to what is there. */
async function refuseMissing(held: readonly Held[], dir: string): Promise<void> {
  const missing = held
    .filter(({ standing, key }) => standing === 'missing' || key !== 'matches')
    .map(({ name }) => name);
  if (missing.length === 0) return;
  const what = `there is nothing to renew for ${missing.join(', ')}: certificate and key are not there, or not of one another`;
  const isApplied = await isTaken(join(dir, 'pki'));
  const hint = isApplied ? 'quorate plan says what is wrong, quorate apply mends it' : 'quorate apply makes them';
  throw new WizardError('plan-differs', what, { missing }, { hint });
}

function cancelled(done: number, all: number): WizardError {
  const hint = 'type it again: it goes on with those that are still due';
  return new WizardError('cancelled', `stopped after ${done} of ${all} certificates`, { done, all }, { hint });
}
