import { dataFolder, pkiFolder, runFolder } from '../layout.js';
import { type Plan, usersOf } from '../plan/plan.js';
import { type Artifact, privateFolder, publicFolder } from './artifact.js';
import { kitArtifacts } from './kits.js';
import { memberArtifacts } from './members.js';

/** What depends on nothing of its own phase, or a later one. */
const phases: Readonly<Record<Artifact['kind'], number>> = {
  authority: 0,
  folder: 1,
  // Before the keys, which take longer: one that was typed is not lost to a run that is interrupted.
  password: 2,
  'key-pair': 3,
  trust: 4,
  access: 4,
  file: 4,
};

export const phaseOf = ({ kind }: Artifact): number => phases[kind];

/**
 * Everything that a plan wants in DIR, in the order in which it can be made: the authority before what it signs, folders
 * before their files, passwords before their hashes. Pure.
 *
 * @param dir absolute: kits and local members name files by it
 */
export function desiredArtifacts(plan: Plan, dir: string): readonly Artifact[] {
  const { cluster, pki } = plan;
  const folders: Artifact[] = [
    { kind: 'folder', path: runFolder, mode: privateFolder },
    ...(cluster.run === 'local' ? [{ kind: 'folder', path: dataFolder, mode: privateFolder } as const] : []),
    { kind: 'folder', path: 'users', mode: privateFolder },
    { kind: 'folder', path: 'members', mode: publicFolder },
  ];
  const all: Artifact[] = [
    { kind: 'authority', path: pkiFolder, commonName: `${cluster.name} CA`, keyType: pki.keyType, days: pki.caDays },
    ...folders,
    ...usersOf(plan).flatMap((user) => kitArtifacts(plan, user, dir)),
    ...plan.members.flatMap((member) => memberArtifacts(plan, member, dir)),
  ];
  return all.sort((a, b) => phaseOf(a) - phaseOf(b));
}
