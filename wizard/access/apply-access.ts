import { ClusterError, type ClusterErrorCode, type EtcdClient } from '#cluster';
import { WizardError } from '../errors.js';
import { inParallel } from './in-parallel.js';
import { bytesOf, type Permission } from './rights.js';
import type { AccessStep, Phase } from './step.js';
import { stepsOf } from './step.js';

type Auth = EtcdClient['auth'];

/** Someone else, or a run that was interrupted, has done it already. */
const done: Readonly<Record<AccessStep['does'], ClusterErrorCode | undefined>> = {
  'add-role': 'role-already-exists',
  'delete-role': 'role-not-found',
  grant: undefined,
  revoke: 'permission-not-granted',
  'add-user': 'user-already-exists',
  'delete-user': 'user-not-found',
  'give-role': undefined,
  'take-role': 'role-not-granted',
};

export interface ApplyAccess {
  readonly auth: Auth;
  readonly phases: readonly Phase[];
  /** Of a new user; undefined for one who signs in with a certificate only. */
  passwordOf(user: string): Promise<string | undefined>;
  /** Told after each step. */
  readonly progress: (taken: number, whole: number) => void;
  readonly signal: AbortSignal;
}

/** The store syncs once for those that come together. */
const atOnce = 64;

/**
 * Takes the phases one after the other: their order is what keeps everybody within their rights.
 * @throws WizardError `cancelled`, ClusterError
 */
export async function applyAccess({ auth, phases, passwordOf, progress, signal }: ApplyAccess): Promise<void> {
  const whole = stepsOf(phases).length;
  let taken = 0;
  const follow = async (chain: readonly AccessStep[]): Promise<void> => {
    for (const step of chain) {
      if (signal.aborted) throw stopped(taken, whole);
      await takeOnce(auth, step, passwordOf);
      taken += 1;
      progress(taken, whole);
    }
  };
  for (const phase of phases) await inParallel(phase, atOnce, follow);
}

function stopped(taken: number, whole: number): WizardError {
  const what = `stopped after ${taken} of ${whole} steps`;
  return new WizardError('cancelled', what, { taken }, { hint: 'type it again: it goes on from there' });
}

async function takeOnce(auth: Auth, step: AccessStep, passwordOf: ApplyAccess['passwordOf']): Promise<void> {
  try {
    await take(auth, step, passwordOf);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== done[step.does]) throw error;
  }
}

async function take(auth: Auth, step: AccessStep, passwordOf: ApplyAccess['passwordOf']): Promise<void> {
  switch (step.does) {
    case 'add-role':
      return auth.roleAdd(step.role);
    case 'delete-role':
      return auth.roleDelete(step.role);
    case 'grant':
      return auth.roleGrantPermission(step.role, stored(step.permission));
    case 'revoke':
      return auth.roleRevokePermission(step.role, stored(step.permission));
    case 'add-user':
      return auth.userAdd(step.user, await passwordOf(step.user));
    case 'delete-user':
      return auth.userDelete(step.user);
    case 'give-role':
      return auth.userGrantRole(step.user, step.role);
    case 'take-role':
      return auth.userRevokeRole(step.user, step.role);
  }
}

const stored = ({ access, key, end }: Permission) => ({
  access,
  key: bytesOf(key),
  ...(end === undefined ? {} : { end: bytesOf(end) }),
});
