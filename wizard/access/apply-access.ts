import { ClusterError, type ClusterErrorCode, type EtcdClient } from '#cluster';
import { goesOn, WizardError } from '../errors.js';
import { inParallel } from './in-parallel.js';
import { toStore } from './rights.js';
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

/** The store syncs once for those that come together. A real etcd with thousands of permissions takes tens of ms for each. */
const [atOnce, patienceMs] = [16, 10_000];

/**
 * Takes the phases one after the other: their order is what keeps everybody within their rights. What was taken when it ends early is
 * kept, and the same call goes on from there.
 * @throws WizardError `cancelled`, `not-running` when the store is lost on the way; ClusterError what it refuses
 */
export async function applyAccess(options: ApplyAccess): Promise<void> {
  const { phases, progress, signal } = options;
  const whole = stepsOf(phases).length;
  let taken = 0;
  const follow = async (chain: readonly AccessStep[]): Promise<void> => {
    for (const step of chain) {
      signal.throwIfAborted();
      await takeOnce(options, step);
      taken += 1;
      progress(taken, whole);
    }
  };
  try {
    for (const phase of phases) await inParallel(phase, atOnce, follow);
  } catch (error) {
    throw endedEarly(error, `stopped after ${taken} of ${whole} steps`, signal);
  }
}

const lost: readonly ClusterErrorCode[] = [
  ...(['connection-failed', 'no-leader', 'leader-changed', 'stopped'] as const),
  ...(['timeout', 'timeout-leader-failure', 'timeout-connection-lost'] as const),
];

/** What a run that did not come to its end ended with. @param when as far as it came */
export function endedEarly(error: unknown, when: string, signal: AbortSignal): unknown {
  if (signal.aborted) return new WizardError('cancelled', when, {}, { hint: goesOn });
  if (!(error instanceof ClusterError) || !lost.includes(error.code)) return error;
  const hint = 'quorate access plan says what is left; the same command goes on, once a majority of the members runs';
  return new WizardError('not-running', `${when}: ${error.message}`, {}, { hint, cause: error });
}

async function takeOnce(options: ApplyAccess, step: AccessStep): Promise<void> {
  try {
    await take(options, step);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== done[step.does]) throw error;
  }
}

async function take({ auth, passwordOf, signal }: ApplyAccess, step: AccessStep): Promise<void> {
  const options = { signal, timeoutMs: patienceMs };
  switch (step.does) {
    case 'add-role':
      return auth.roleAdd(step.role, options);
    case 'delete-role':
      return auth.roleDelete(step.role, options);
    case 'grant':
      return auth.roleGrantPermission(step.role, toStore(step.permission), options);
    case 'revoke':
      return auth.roleRevokePermission(step.role, toStore(step.permission), options);
    case 'add-user':
      return auth.userAdd(step.user, await passwordOf(step.user), options);
    case 'delete-user':
      return auth.userDelete(step.user, options);
    case 'give-role':
      return auth.userGrantRole(step.user, step.role, options);
    case 'take-role':
      return auth.userRevokeRole(step.user, step.role, options);
  }
}
