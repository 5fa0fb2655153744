import { parseSubtree, type Subtree } from '#pki';
import { dataFolder, kitsFolder, membersFolder, pkiFolder, runFolder } from '../layout.js';
import { defaultIntermediateDays, type Plan, usersOf } from '../plan/plan.js';
import { type Artifact, type AuthorityArtifact, privateFolder, publicFolder } from './artifact.js';
import { kitArtifacts } from './kits.js';
import { memberArtifacts, memberNames } from './members.js';

/** What depends on nothing of its own phase, or a later one. */
const phases: Readonly<Record<Artifact['kind'], number>> = {
  authority: 0,
  folder: 1,
  // Before the keys, which take longer: one that was typed is not lost to a run that is interrupted.
  password: 2,
  'key-pair': 3,
  certificate: 3,
  trust: 4,
  revocations: 4,
  access: 4,
  file: 4,
  // Last: until then everything is where the earlier plan had it.
  surplus: 5,
};

export const phaseOf = ({ kind }: Artifact): number => phases[kind];

/** What the members are called and reached by, and what the plan adds. */
function permittedOf(plan: Plan): readonly Subtree[] | undefined {
  const { nameConstraints = false } = plan.pki;
  if (nameConstraints === false) return undefined;
  const names = plan.members.flatMap((member) => [
    ...memberNames(plan, member, 'server'),
    ...memberNames(plan, member, 'peer'),
  ]);
  const added = nameConstraints === true ? [] : nameConstraints;
  const subtrees = ['127.0.0.0/8', ...names, ...added].flatMap((text) => parseSubtree(text) ?? []);
  return [...new Map(subtrees.map((subtree) => [subtree.value, subtree])).values()];
}

export function authorityOf(plan: Plan): AuthorityArtifact {
  const { cluster, pki } = plan;
  const { keyType, caDays, authority } = pki;
  const permitted = permittedOf(plan);
  const common = {
    kind: 'authority',
    path: pkiFolder,
    commonName: `${cluster.name} CA`,
    keyType,
    ...(permitted && { permitted }),
    ...(pki.key !== undefined && { key: pki.key }),
  } as const;
  if (authority === 'root') return { ...common, days: caDays };
  if (authority === 'offline-root') return { ...common, days: caDays, root: 'elsewhere' };
  const days = pki.intermediateDays ?? Math.min(caDays, defaultIntermediateDays);
  return { ...common, days, root: { commonName: `${cluster.name} root CA`, days: caDays } };
}

/**
 * Everything that a plan wants in DIR, in the order in which it can be made: the authority before what it signs, folders
 * before their files, passwords before their hashes. Pure.
 *
 * @param dir absolute: kits and local members name files by it
 */
export function desiredArtifacts(plan: Plan, dir: string): readonly Artifact[] {
  const { cluster } = plan;
  const folders: Artifact[] = [
    { kind: 'folder', path: runFolder, mode: privateFolder },
    ...(cluster.run === 'local' ? [{ kind: 'folder', path: dataFolder, mode: privateFolder } as const] : []),
    { kind: 'folder', path: kitsFolder, mode: privateFolder },
    { kind: 'folder', path: membersFolder, mode: publicFolder },
  ];
  const all: Artifact[] = [
    authorityOf(plan),
    ...folders,
    ...usersOf(plan).flatMap((user) => kitArtifacts(plan, user, dir)),
    ...plan.members.flatMap((member) => memberArtifacts(plan, member, dir)),
  ];
  return all.sort((a, b) => phaseOf(a) - phaseOf(b));
}
