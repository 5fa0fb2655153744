import type { Access as Kind } from '../plan/plan.js';
import { allows, type Permission, rightsOf, sameRights } from './rights.js';
import type { AccessStep } from './step.js';

const rangeOf = ({ key, end }: Permission): string => JSON.stringify([key, end]);

/**
 * From the permissions that a role has to those that it is to have; nothing when they allow the same. What is right stays,
 * what is missing comes, and then what is too much goes: the role loses nothing that it is to keep. The store has one
 * permission for a range, so a new one that takes an old one's place allows what both do until the others are there.
 */
export function roleChange(role: string, has: readonly Permission[], wanted: readonly Permission[]): AccessStep[] {
  const goal = rightsOf(wanted);
  if (sameRights(rightsOf(has), goal)) return [];
  const kept = has.filter((permission) => allows(goal, rightsOf([permission])));
  const keptRights = rightsOf(kept);
  const missing = wanted.filter((permission) => !allows(keptRights, rightsOf([permission])));
  const [heldAt, keptAt] = [kindAtRange(has), kindAtRange(kept)];
  const grants = onePerRange(missing).map((permission) => widened(permission, keptAt.get(rangeOf(permission))));
  const first = grants.map((permission) => widened(permission, heldAt.get(rangeOf(permission))));
  const granted = new Set(grants.map(rangeOf));
  const excess = has.filter((permission) => !kept.includes(permission) && !granted.has(rangeOf(permission)));
  const narrowed = grants.filter(({ access }, at) => access !== first[at]?.access);
  return [
    ...first.map((permission) => ({ does: 'grant', role, permission }) as const),
    ...excess.map((permission) => ({ does: 'revoke', role, permission }) as const),
    ...narrowed.map((permission) => ({ does: 'grant', role, permission }) as const),
  ];
}

const kindAtRange = (permissions: readonly Permission[]): ReadonlyMap<string, Kind> =>
  new Map(permissions.map((permission) => [rangeOf(permission), permission.access]));

const widened = (permission: Permission, kept: Kind | undefined): Permission =>
  kept === undefined || kept === permission.access ? permission : { ...permission, access: 'readwrite' };

/** One permission for each range, as a store keeps them. */
export function onePerRange(permissions: readonly Permission[]): Permission[] {
  const byRange = new Map<string, Permission>();
  for (const permission of permissions) {
    byRange.set(rangeOf(permission), widened(permission, byRange.get(rangeOf(permission))?.access));
  }
  return [...byRange.values()];
}
