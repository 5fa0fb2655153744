import { join } from 'node:path';
import { isFolder, isTaken, listFolder } from '#pki';
import { shellArgument } from '#templates';
import type { Artifact, SurplusArtifact } from '../artifacts/artifact.js';
import { memberArtifacts } from '../artifacts/members.js';
import { mapAtOnce } from '../at-once.js';
import { kitFiles, kitFolder, kitsFolder, memberFolder, membersFolder, memberTree } from '../layout.js';
import { engines, type Member, type Plan, runModes, usersOf } from '../plan/plan.js';
import { pidOf } from '../run/pid-file.js';
import { printable } from '../shown.js';

type Surplus = Omit<SurplusArtifact, 'kind'>;

/**
 * What earlier plans wanted in DIR and this one does not: kits, members' trees, and files for another engine or way to run. Nothing
 * of a member that still runs here, and nothing that looks like somebody's own.
 */
export async function surplusOf(plan: Plan, dir: string, desired: readonly Artifact[]): Promise<SurplusArtifact[]> {
  const wanted = new Set(desired.map(({ path }) => path));
  const found = await Promise.all([
    surplusKits(plan, dir),
    surplusTrees(plan, dir),
    mapAtOnce(plan.members, (member) => surplusFiles(plan, member, dir, wanted)),
  ]);
  return found.flat(2).map((surplus) => ({ kind: 'surplus', ...surplus }));
}

async function surplusKits(plan: Plan, dir: string): Promise<Surplus[]> {
  const known = new Set(usersOf(plan).map(({ name }) => name));
  const names = (await listFolder(join(dir, kitsFolder))).filter((name) => !known.has(name));
  const kits = await mapAtOnce(names, async (name) => {
    const isKit = await isTaken(join(dir, kitFiles(name).certificate));
    return isKit ? [{ path: kitFolder(name), title: `the kit of ${printable(name)}`, because: goneUser(name) }] : [];
  });
  return kits.flat();
}

const goneUser = (name: string): string =>
  `the plan has no such user; quorate user remove ${shellArgument(name)} revokes the certificate, too`;

async function surplusTrees(plan: Plan, dir: string): Promise<Surplus[]> {
  const known = new Set(plan.members.map(({ name }) => name));
  const names = (await listFolder(join(dir, membersFolder))).filter((name) => !known.has(name));
  const trees = await mapAtOnce(names, async (name) => {
    const isTree = await isFolder(join(dir, memberFolder(name)));
    if (!isTree || (await pidOf(dir, name)) !== undefined) return [];
    return [
      { path: memberTree(name), title: `the tree of ${printable(name)}`, because: 'the plan has no such member' },
    ];
  });
  return trees.flat();
}

/** Where this member would have files if the plan ran it in another way. */
async function surplusFiles(plan: Plan, member: Member, dir: string, wanted: ReadonlySet<string>): Promise<Surplus[]> {
  const variants = engines.flatMap((engine) =>
    runModes.map((run) => ({ ...plan, cluster: { ...plan.cluster, engine, run } })),
  );
  const paths = new Set(
    variants
      .flatMap((variant) => memberArtifacts(variant, member, dir))
      .filter(({ kind, path }) => kind !== 'folder' && !wanted.has(path))
      .map(({ path }) => path),
  );
  const title = `what ${member.name} has no use for`;
  const because = 'it is of another engine or way to run';
  const files = await mapAtOnce([...paths], async (path) =>
    (await isTaken(join(dir, path))) ? [{ path, title, because }] : [],
  );
  return files.flat();
}
