import { WizardError } from '../errors.js';
import { root } from '../plan/plan.js';
import { type Access, accessOf, type Declared } from './access.js';
import { type AccessChange, accessChanges } from './changes.js';
import type { Phase } from './step.js';
import { accessPhases, wantedAccess } from './steps.js';

export interface AccessPlan {
  readonly changes: readonly AccessChange[];
  readonly phases: readonly Phase[];
}

/**
 * What makes `live` what is declared.
 * @param operator who signs in to do it; undefined when nobody does, because auth is off
 * @throws WizardError `locked-out` when they could do nothing afterwards
 */
export function planAccess(
  live: Access,
  declaration: Declared,
  prune: boolean,
  operator: string | undefined,
): AccessPlan {
  const declared = accessOf(declaration);
  const wanted = wantedAccess(live, declared, prune);
  if (operator !== undefined && !wanted.users.get(operator)?.includes(root)) {
    const what = `${operator}, whom you sign in as, would lose the role root: you would lock yourself out`;
    const hint = `declare { name: ${operator}, roles: [root] }, or sign in as root`;
    throw new WizardError('locked-out', what, { operator }, { hint });
  }
  return { changes: accessChanges(live, declared, wanted), phases: accessPhases(live, wanted) };
}
