import { root } from '../plan/plan.js';
import { type Access, roleRights, userRights } from './access.js';
import { allows, bothOf, type Rights } from './rights.js';
import { roleChange } from './role-change.js';
import type { AccessStep, Phase } from './step.js';

/** What `declared` makes of `live`: whoever is not declared stays as they are, unless `prune` takes them away. Root stays. */
export function wantedAccess(live: Access, declared: Access, prune: boolean): Access {
  const roles = new Map(prune ? [] : live.roles);
  for (const [name, permissions] of declared.roles) roles.set(name, permissions);
  roles.set(root, live.roles.get(root) ?? []);
  const users = new Map<string, readonly string[]>();
  for (const [name, held] of live.users) if (!prune) users.set(name, held);
  for (const [name, wanted] of declared.users) users.set(name, wanted);
  return { roles, users };
}

interface Membership {
  readonly user: string;
  readonly role: string;
}

/** Roles that users have in `a` and not in `b`. */
const membershipsOnlyIn = (a: Access, b: Access): Membership[] =>
  [...a.users].flatMap(([user, roles]) => {
    const others = new Set(b.users.get(user));
    return roles.filter((role) => !others.has(role)).map((role) => ({ user, role }));
  });

/**
 * The way from one to the other, in phases of which each waits for the one before, and in each chains of steps that do not
 * wait for one another. Nobody ever may do what they may do neither before nor after: a role is given before it changes
 * only to those who may do what it allows today, and is left only to those who may do what it will allow. Whoever is taken
 * away goes before any role grows, and roles go last.
 */
export function accessPhases(live: Access, wanted: Access): Phase[] {
  const allowed = rightsBeforeOrAfter(live, wanted);
  const may =
    (rights: (role: string) => Rights) =>
    ({ user, role }: Membership): boolean =>
      allows(allowed(user), rights(role));
  const [newRoles, oldRoles] = [onlyIn(wanted.roles, live.roles), onlyIn(live.roles, wanted.roles)];
  const oldUsers = new Set(onlyIn(live.users, wanted.users));
  const gains = split(
    membershipsOnlyIn(wanted, live),
    may((role) => roleRights(live, role)),
  );
  const losses = split(
    membershipsOnlyIn(live, wanted).filter(({ user, role }) => !oldUsers.has(user) && wanted.roles.has(role)),
    may((role) => roleRights(wanted, role)),
  );
  const each = <T>(items: Iterable<T>, step: (item: T) => AccessStep): Phase => [...items].map((item) => [step(item)]);
  const give = (membership: Membership): AccessStep => ({ does: 'give-role', ...membership });
  const takeAway = (membership: Membership): AccessStep => ({ does: 'take-role', ...membership });
  return [
    [
      ...each(newRoles, (role) => ({ does: 'add-role', role })),
      ...each(onlyIn(wanted.users, live.users), (user) => ({ does: 'add-user', user })),
    ],
    each(gains.passing, give),
    [...each(losses.failing, takeAway), ...each(oldUsers, (user) => ({ does: 'delete-user', user }))],
    [...wanted.roles].map(([role, permissions]) => roleChange(role, live.roles.get(role) ?? [], permissions)),
    each(gains.failing, give),
    each(losses.passing, takeAway),
    each(oldRoles, (role) => ({ does: 'delete-role', role })),
  ]
    .map((phase) => phase.filter((chain) => chain.length > 0))
    .filter((phase) => phase.length > 0);
}

function rightsBeforeOrAfter(live: Access, wanted: Access): (user: string) => Rights {
  const known = new Map<string, Rights>();
  return (user) => {
    const rights = known.get(user) ?? bothOf(userRights(live, user), userRights(wanted, user));
    known.set(user, rights);
    return rights;
  };
}

const onlyIn = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): string[] =>
  [...a.keys()].filter((name) => !b.has(name));

function split<T>(items: readonly T[], test: (item: T) => boolean): { passing: T[]; failing: T[] } {
  const [passing, failing]: [T[], T[]] = [[], []];
  for (const item of items) (test(item) ? passing : failing).push(item);
  return { passing, failing };
}
