import { WizardError } from '../../errors.js';
import { nearest } from '../../plan/nearest.js';
import type { Held } from './held.js';

export interface Choice {
  /** Users, members (both certificates), `MEMBER/server`, `MEMBER/peer`. */
  readonly names: readonly string[];
  readonly all: boolean;
}

/**
 * Those that are named; else all, or those that are due.
 * @throws WizardError `usage` with every name that is not known
 */
export function choose(held: readonly Held[], { names, all }: Choice): readonly Held[] {
  if (names.length === 0)
    return all ? held : held.filter(({ standing }) => standing === 'due' || standing === 'expired');
  if (all) throw new WizardError('usage', '--all, and names beside it', {}, { hint: 'one of the two' });
  const isNamed = ({ name }: Held): boolean => names.some((wanted) => name === wanted || name.startsWith(`${wanted}/`));
  const unknown = names.filter((wanted) => !held.some(({ name }) => name === wanted || name.startsWith(`${wanted}/`)));
  if (unknown.length > 0) {
    const known = held.map(({ name }) => name);
    const meant = nearest(unknown[0] ?? '', known);
    const hint = meant === undefined ? `there are: ${known.slice(0, 20).join(', ')}` : `did you mean ${meant}?`;
    throw new WizardError('usage', `the plan has no certificate of ${unknown.join(', ')}`, { unknown }, { hint });
  }
  return held.filter(isNamed);
}
