import { doubtful, type Finding, refused } from './complaints.js';
import { nearest } from './nearest.js';
import type { PlanParts } from './parts.js';
import { root } from './plan.js';

// What is wrong with users and roles taken together, and with the few settings that depend on others.

export function unknownRoles({ users, roleNames }: PlanParts): Finding[] {
  const known = [...roleNames, root];
  return users.flatMap(({ path, value }) =>
    value.roles.flatMap((role, index) => {
      if (known.includes(role)) return [];
      const meant = nearest(role, known);
      const hint = meant === undefined ? `declared: ${known.join(', ')}` : `did you mean ${meant}?`;
      return [refused([...path, 'roles', index], { what: `there is no role ${JSON.stringify(role)}`, hint })];
    }),
  );
}

export function repeatedRoles({ users }: PlanParts): Finding[] {
  return users.flatMap(({ path, value }) =>
    value.roles.flatMap((role, index) =>
      value.roles.indexOf(role) === index
        ? []
        : [refused([...path, 'roles', index], { what: `${role} is listed twice` })],
    ),
  );
}

/** etcd turns auth on only when the user root has the role root. */
export function rootKeepsRoot({ users }: PlanParts): Finding[] {
  return users
    .filter(({ value }) => value.name === root && !value.roles.includes(root))
    .map(({ path }) =>
      refused([...path, 'roles'], { what: 'the user root needs the role root', hint: 'roles: [root]' }),
    );
}

/** The common name of a certificate is the store's user: a member's would sign in as that user. */
export function usersNamedAsMembers({ users, members }: PlanParts): Finding[] {
  const names = new Set(members.map(({ value }) => value.name.toLowerCase()));
  return users
    .filter(({ value }) => names.has(value.name.toLowerCase()))
    .map(({ path, value }) =>
      refused([...path, 'name'], {
        what: `${value.name} is a member's name: its certificate would sign in as this user`,
        hint: 'rename one of them',
      }),
    );
}

export function usersWithoutRoles({ users }: PlanParts): Finding[] {
  return users
    .filter(({ value }) => value.roles.length === 0 && value.name !== root)
    .map(({ path, value }) => doubtful(path, { what: `${value.name} has no role and can neither read nor write` }));
}

export function lifetimes({ pki }: PlanParts): Finding[] {
  if (pki === undefined || pki.certDays <= pki.caDays) return [];
  const what = `${pki.certDays} days are more than the authority's ${pki.caDays}`;
  return [refused(['pki', 'certDays'], { what, hint: 'a certificate is not valid after its authority' })];
}

export function unusedImage({ run, image }: PlanParts): Finding[] {
  if (image === undefined || run === undefined || run === 'static-pod') return [];
  return [doubtful(['cluster', 'image'], { what: `an image is used by run: static-pod only, not by run: ${run}` })];
}
