import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Authority } from '#pki';
import { renewRevocationList } from '#pki';
import { type Lock, takeLock } from '../../apply/lock.js';
import { type Opener, openAuthorityOf } from '../../authority.js';
import { WizardError } from '../../errors.js';
import { pkiFolder } from '../../layout.js';
import type { Plan } from '../../plan/plan.js';
import { stageOf } from '../../rotation/stage.js';
import { deliver, type RevocationCopy } from './copies.js';

const waitMs = 10_000;
const pollMs = 100;

/** Waits for whoever is at work in DIR, for a while: a revocation is worth it. @throws WizardError `busy` */
async function waitForLock(dir: string): Promise<Lock> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      return await takeLock(dir);
    } catch (error) {
      const busy = error instanceof WizardError && error.code === 'busy';
      if (!busy || Date.now() > deadline) throw error;
      await delay(pollMs);
    }
  }
}

export interface ListJob extends Opener {
  readonly plan: Plan;
  readonly now: Date;
  /** How long lists hold from now on. */
  readonly days?: number | undefined;
}

/** What has come of it. */
export interface ListOutcome<Result> {
  readonly result: Result;
  /** How many are on the list; undefined when there was no need of another one. */
  readonly listed: number | undefined;
  /** The members whose copy was not the last list. */
  readonly delivered: readonly RevocationCopy[];
}

/**
 * Has `change` work on the ledger, alone in DIR, then makes the list anew if that is due, and delivers it. Killed at any time,
 * the same command goes on: what is revoked is revoked first.
 *
 * @throws WizardError `busy` · PkiError what opening the authority, the ledger or the disk says
 */
export async function withList<Result>(
  job: ListJob,
  change: (authority: Authority) => Promise<Result>,
  always: boolean,
): Promise<ListOutcome<Result>> {
  const { dir, plan, now, days } = job;
  const lock = await waitForLock(dir);
  try {
    if ((await stageOf(dir)) === 'leaves-replaced') throw betweenAuthorities();
    const authority = await openAuthorityOf(job);
    try {
      const result = await change(authority);
      const folder = join(dir, pkiFolder);
      const due = always || authority.ledger.listState().pending;
      const listed = due ? await renewRevocationList({ authority, folder, now, days }) : undefined;
      return { result, listed, delivered: await deliver(plan, dir) };
    } finally {
      await authority.close();
    }
  } finally {
    await lock.release();
  }
}

function betweenAuthorities(): WizardError {
  const what = 'the authority is being rotated: members read the revocation list of the old one until it is dropped';
  const hint =
    'quorate cert rotate-ca --finish drops it; revoke what is to be revoked then, or before a rotation is begun';
  return new WizardError('rotation', what, {}, { hint });
}
