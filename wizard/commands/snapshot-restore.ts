import { join, resolve } from 'node:path';
import { idText } from '#cluster';
import { type Restored, type RestoreOrder, readMemberPlace, restoreSnapshot } from '#cluster/snapshots';
import { takeLock } from '../apply/lock.js';
import { peerUrl } from '../artifacts/member-settings.js';
import { WizardError } from '../errors.js';
import { memberData } from '../layout.js';
import type { Plan } from '../plan/plan.js';
import { type ExitCode, exitCodes } from '../report.js';
import { checkLocal } from '../run/checks.js';
import { restoreWithEtcd } from '../run/snapshot-restore.js';
import type { Context, Given } from './command.js';
import { dirFlag } from './next-lines.js';
import { readPlan } from './plan-file.js';

type Wanted = Pick<RestoreOrder, 'file' | 'skipHashCheck' | 'bump'>;

/** `quorate snapshot restore` */
export async function snapshotRestore(context: Context, given: Given): Promise<ExitCode> {
  const wanted = {
    file: resolve(String(given.file)),
    skipHashCheck: given.skipHashCheck === true,
    bump: bumpOf(given),
  };
  if (typeof given.dataDir === 'string') return restoreHere(context, given, memberOrder(given, wanted));
  const plan = await readPlan(context);
  checkLocal(plan, context.dir);
  const lock = await takeLock(context.dir);
  try {
    if (plan.cluster.engine === 'etcd') return await restoreEtcd(context, plan, wanted, given);
    return await restoreHere(context, given, planOrder(context, plan, wanted));
  } finally {
    await lock.release();
  }
}

async function restoreHere(
  { terminal, signal, givenDir }: Context,
  given: Given,
  order: RestoreOrder,
): Promise<ExitCode> {
  const progress = (done: number, whole: number): void =>
    terminal.progress(`restoring: ${Math.floor((100 * done) / Math.max(1, whole))} %`);
  const restored = await restoreSnapshot(order, { signal, progress }).finally(() => terminal.endProgress());
  const targets = order.targets.map(({ name, dataDir }) => ({ name, dataDir }));
  if (given.json === true) terminal.json(restoredJson(restored, targets));
  else for (const { name, dataDir } of targets) terminal.result(`${name}  ${dataDir}`);
  terminal.say(summary(restored));
  if (!restored.authEnabled) {
    const warning = `${terminal.paint('yellow', 'warning:')} auth is off in this snapshot, and so in what was made of it`;
    terminal.say(`${warning}; quorate bootstrap turns it on, with the plan's users`);
  }
  if (given.dataDir === undefined) terminal.say(`next: quorate up${dirFlag(givenDir)}`);
  return exitCodes.done;
}

const restoredJson = (restored: Restored, targets: readonly { readonly name: string; readonly dataDir: string }[]) => {
  const { clusterId, members, ...state } = restored;
  return {
    ...state,
    clusterId: idText(clusterId),
    members: members.map(({ id, name }) => ({ id: idText(id), name })),
    restored: targets,
  };
};

const summary = ({ revision, changes, leases, users, roles, authEnabled }: Restored): string =>
  `revision ${revision}, ${changes} changes of keys, ${leases} leases, ${users} users, ${roles} roles; auth is ${authEnabled ? 'on' : 'off'}`;

async function restoreEtcd(
  { terminal, dir, signal, givenDir }: Context,
  plan: Plan,
  { file, skipHashCheck, bump }: Wanted,
  { json }: Given,
): Promise<ExitCode> {
  const flags = [
    ...(skipHashCheck ? ['--skip-hash-check'] : []),
    ...(bump > 0 ? ['--bump-revision', String(bump), '--mark-compacted'] : []),
  ];
  const tool = await restoreWithEtcd({ plan, dir, file, flags, signal });
  const restored = plan.members.map(({ name }) => ({ name, dataDir: join(dir, memberData(name)) }));
  if (json === true) terminal.json({ tool, restored });
  else for (const { name, dataDir } of restored) terminal.result(`${name}  ${dataDir}`);
  terminal.say(`restored by ${tool}; next: quorate up${dirFlag(givenDir)}`);
  return exitCodes.done;
}

const planOrder = ({ dir }: Context, { cluster, members }: Plan, wanted: Wanted): RestoreOrder => ({
  ...wanted,
  token: cluster.name,
  members: members.map((member) => ({ name: member.name, peerUrls: [peerUrl(member)] })),
  targets: members.map(({ name }) => ({ name, dataDir: join(dir, memberData(name)) })),
});

const memberFlags = {
  name: 'name',
  dataDir: 'data-dir',
  walDir: 'wal-dir',
  initialCluster: 'initial-cluster',
  initialClusterToken: 'initial-cluster-token',
  initialAdvertisePeerUrls: 'initial-advertise-peer-urls',
} as const;

/** A single member, by the flags that it will be started with: they are read and checked as `serve` does it. */
function memberOrder(given: Given, wanted: Wanted): RestoreOrder {
  const flags = Object.entries(memberFlags).flatMap(([option, flag]) => {
    const value = given[option];
    return typeof value === 'string' ? [`--${flag}=${value}`] : [];
  });
  const { name: own, walDir, ...place } = readMemberPlace(flags);
  return {
    ...wanted,
    token: place.initialClusterToken,
    members: place.initialCluster.map(({ name, urls }) => ({ name, peerUrls: urls.map(({ text }) => text) })),
    targets: [
      { name: own, dataDir: resolve(place.dataDir), ...(walDir === undefined ? {} : { walDir: resolve(walDir) }) },
    ],
  };
}

/** etcdutl has two options for what makes sense together only; so have we. */
function bumpOf({ bumpRevision, markCompacted }: Given): number {
  if (bumpRevision === undefined && markCompacted !== true) return 0;
  if (bumpRevision === undefined || markCompacted !== true) {
    const hint = 'clients that watch must neither miss a change nor be told of one twice: give both, or none';
    throw new WizardError('usage', '--bump-revision and --mark-compacted go together', {}, { hint });
  }
  const bump = Number(bumpRevision);
  if (/^\d{1,15}$/.test(String(bumpRevision)) && bump > 0) return bump;
  throw new WizardError('usage', `--bump-revision ${String(bumpRevision)} is no whole number above 0`, {});
}
