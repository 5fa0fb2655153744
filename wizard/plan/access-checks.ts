import { looksLikeHost } from '#pki';
import { quoted } from '../shown.js';
import { doubtful, type Finding, type PlanPath, pathText, refused } from './complaints.js';
import { skeleton } from './look-alikes.js';
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
      return [refused([...path, 'roles', index], { what: `there is no role ${quoted(role)}`, hint })];
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

/** Names that can be taken for one another, and for root's, who is always there. */
export function lookAlikeUsers({ users }: PlanParts): Finding[] {
  const first = new Map<string, { readonly path: PlanPath; readonly name: string }>();
  return users.flatMap(({ path, value }) => {
    const key = skeleton(value.name);
    const earlier = first.get(key);
    const name = quoted(value.name);
    if (earlier !== undefined) {
      const same = earlier.name.toLowerCase() === value.name.toLowerCase();
      const what = `${name} ${same ? 'is already' : 'looks like'} the name of ${pathText(earlier.path)}`;
      return [refused([...path, 'name'], { what })];
    }
    first.set(key, { path, name: value.name });
    if (key !== root || value.name === root) return [];
    const what = `${name} can be taken for root, who may do everything`;
    return [refused([...path, 'name'], { what, hint: 'choose another name' })];
  });
}

/** The common name of a certificate is the store's user: a member's would sign in as that user. */
export function usersNamedAsMembers({ users, members }: PlanParts): Finding[] {
  const names = new Set(members.map(({ value }) => skeleton(value.name)));
  return users
    .filter(({ value }) => names.has(skeleton(value.name)))
    .map(({ path, value }) =>
      refused([...path, 'name'], {
        what: `${value.name} is a member's name: its certificate would sign in as this user`,
        hint: 'rename one of them',
      }),
    );
}

/** Root opens the cluster from DIR; a key that is elsewhere is of the type that it is. */
export function keysElsewhere({ users }: PlanParts): Finding[] {
  return users
    .filter(({ value }) => value.key === 'elsewhere')
    .flatMap(({ path, value }) => [
      ...(value.name === root
        ? [refused([...path, 'key'], { what: "root's key is in DIR: quorate signs in with it" })]
        : []),
      ...(value.keyType === undefined
        ? []
        : [refused([...path, 'keyType'], { what: 'a key that is elsewhere is of the type that it is' })]),
    ]);
}

export function usersWithoutRoles({ users }: PlanParts): Finding[] {
  return users
    .filter(({ value }) => value.roles.length === 0 && value.name !== root)
    .map(({ path, value }) => doubtful(path, { what: `${value.name} has no role and can neither read nor write` }));
}

export function lifetimes({ pki }: PlanParts): Finding[] {
  if (pki === undefined) return [];
  const { certDays, caDays, intermediateDays } = pki;
  const hint = 'a certificate is not valid after its authority';
  const findings: Finding[] = [];
  if (certDays > (intermediateDays ?? caDays)) {
    const what = `${certDays} days are more than the authority's ${intermediateDays ?? caDays}`;
    findings.push(refused(['pki', 'certDays'], { what, hint }));
  }
  if (intermediateDays === undefined) return findings;
  const at = ['pki', 'intermediateDays'];
  if (intermediateDays > caDays) {
    findings.push(refused(at, { what: `${intermediateDays} days are more than the root's ${caDays}`, hint }));
  }
  if (pki.authority !== 'intermediate') {
    findings.push(
      refused(at, { what: 'there is no intermediate that is made here', hint: 'set pki.authority to intermediate' }),
    );
  }
  return findings;
}

/** A certificate's common name has at most 64 characters, and a root's is the cluster's with words behind it. */
const rootedNameLengthMax = 56;

export function rootName({ clusterName, pki }: PlanParts): Finding[] {
  if (clusterName === undefined || pki === undefined || pki.authority !== 'intermediate') return [];
  if (clusterName.length <= rootedNameLengthMax) return [];
  const what = `a cluster name has at most ${rootedNameLengthMax} characters where there is a root of its own, this one has ${clusterName.length}`;
  return [refused(['cluster', 'name'], { what, hint: 'shorten it, or set pki.authority to root' })];
}

/** What a token does not do here. */
export function tokenKeys({ pki }: PlanParts): Finding[] {
  if (pki?.key === undefined) return [];
  const findings: Finding[] = [];
  const at = ['pki', 'key'];
  if (pki.keyType === 'ed25519') {
    findings.push(
      refused(at, { what: 'a key of type ed25519 is not made on a token', hint: 'ecdsa-p256 or rsa-3072' }),
    );
  }
  if (pki.authority === 'intermediate') {
    const hint = 'pki.authority: root, or offline-root';
    findings.push(refused(at, { what: "a root of its own would have its key in a file beside the token's", hint }));
  }
  return findings;
}

/** Of a certificate without hosts' names OpenSSL holds the common name against the constraints, if it looks like a host's. */
export function usersLikeHosts({ pki, users }: PlanParts): Finding[] {
  if (pki === undefined || (pki.nameConstraints ?? false) === false) return [];
  return users
    .filter(({ value }) => looksLikeHost(value.name))
    .map(({ path, value }) => {
      const what = `${quoted(value.name)} looks like a host's name, which pki.nameConstraints does not allow`;
      return refused([...path, 'name'], { what, hint: 'write it without dots, or leave pki.nameConstraints out' });
    });
}

export function unusedImage({ run, image }: PlanParts): Finding[] {
  if (image === undefined || run === undefined || run === 'static-pod') return [];
  return [doubtful(['cluster', 'image'], { what: `an image is used by run: static-pod only, not by run: ${run}` })];
}
