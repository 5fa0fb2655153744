import type { Ledger } from '#pki';
import { shellArgument, typedArgument } from '#templates';
import type { Access } from '../access/access.js';
import { planAccess } from '../access/plan-access.js';
import { type Plan, root } from '../plan/plan.js';
import { userNameRule } from '../plan/rules.js';
import { knownApiServer } from '../run/api-server.js';
import { printable } from '../shown.js';
import { type Diagnosis, error, warning } from './diagnosis.js';

// Users and roles of the store against the plan, and against the certificates that were issued.

/** @param isKubernetes whether an API server keeps its objects there */
export const authTroubles = (authIsOn: boolean, plan: Plan | undefined, isKubernetes: boolean): Diagnosis[] => {
  if (authIsOn) return [];
  // Its own certificate is nobody there: with auth on it would stand still.
  const first = isKubernetes ? `${knownApiServer}; then ` : '';
  const next =
    plan === undefined
      ? 'etcdctl user add root; etcdctl user grant-role root root; etcdctl auth enable'
      : 'quorate bootstrap';
  return [error('auth-off', 'the cluster', 'auth is off', `${first}${next}`)];
};

export function planTroubles(live: Access, plan: Plan): Diagnosis[] {
  const { changes } = planAccess(live, plan.access, false, undefined);
  return changes
    .filter(({ action }) => action !== 'keep')
    .map(({ kind, name, because }) =>
      warning(
        'access-differs',
        `${kind} ${printable(name)}`,
        because,
        'quorate access plan shows it, quorate access apply mends it',
      ),
    );
}

const ofNoPerson = (name: string): boolean => userNameRule(name) !== undefined;

/** @param ledger of the authority that signs for clients */
export function bearerTroubles(live: Access, ledger: Pick<Ledger, 'select'>, now: Date): Diagnosis[] {
  const bearers = new Set(
    [...ledger.select({ now, states: ['issued'], profiles: ['client'] })].map(({ subject }) => subject),
  );
  const without = [...live.users.keys()].filter((user) => !bearers.has(user));
  const strangers = [...bearers].filter((bearer) => !live.users.has(bearer));
  return [
    ...without.map((user) =>
      warning(
        'user-without-certificate',
        `user ${printable(user)}`,
        'no certificate of this authority that is still good names them',
        user === root
          ? 'quorate apply'
          : ofNoPerson(user)
            ? `etcdctl user delete ${typedArgument(user)}`
            : `quorate user add ${shellArgument(user)} --role ROLE; or etcdctl user delete ${shellArgument(user)}`,
      ),
    ),
    ...strangers.map((bearer) =>
      warning(
        'certificate-without-user',
        `certificate ${printable(bearer)}`,
        'it is good, and the store has no user of that name',
        `quorate cert revoke ${shellArgument(bearer)}; or quorate access apply, if the plan has them`,
      ),
    ),
  ];
}
