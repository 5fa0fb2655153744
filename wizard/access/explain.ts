import { root } from '../plan/plan.js';
import { type Access, roleRights } from './access.js';
import { covers, type Interval, type Intervals, minus } from './intervals.js';
import { rightsOf } from './rights.js';
import { intervalWords } from './words.js';

export type Asked = 'read' | 'write';

/** Why a user may do something to some keys, or what is missing. */
export interface Explanation {
  readonly allowed: boolean;
  /** The permissions that play a part, each with its role. */
  readonly by: readonly { readonly role: string; readonly permission: string }[];
  /** The keys that no role grants. */
  readonly missing: readonly string[];
  /** Roles that grant it and that the user does not have. */
  readonly others: readonly string[];
}

/** Together a user's roles may grant what none of them grants alone. */
export function explain(access: Access, user: string, asked: Asked, keys: Interval): Explanation {
  const wanted = [keys];
  const held = access.users.get(user) ?? [];
  const by = held.flatMap((role) => partsOf(access, role, asked, wanted));
  const missing = held.reduce((left, role) => minus(left, roleRights(access, role)[asked]), wanted as Intervals);
  const others = [...access.roles.keys()].filter(
    (role) => !held.includes(role) && covers(roleRights(access, role)[asked], wanted),
  );
  return { allowed: missing.length === 0, by, missing: missing.map(intervalWords), others };
}

function partsOf(access: Access, role: string, asked: Asked, wanted: Intervals): Explanation['by'] {
  if (role === root) return [{ role, permission: 'readwrite every key' }];
  return (access.roles.get(role) ?? []).flatMap((permission) => {
    const rights = rightsOf([permission])[asked];
    if (covers(minus(wanted, rights), wanted)) return [];
    return rights.map((interval) => ({ role, permission: `${permission.access} ${intervalWords(interval)}` }));
  });
}
