import { setTimeout as delay } from 'node:timers/promises';
import { WizardError } from '../errors.js';
import type { Member, Plan } from '../plan/plan.js';
import { connectAsRoot } from '../run/cluster-client.js';
import { commandOf } from '../run/engine.js';
import { untilHealthy } from '../run/health.js';
import { startMember, stopMember } from '../run/member-process.js';
import { pidOf } from '../run/pid-file.js';

/** Members of ours read changed files within a second; a busy machine takes longer. */
const patienceMs = 20_000;
const pollMs = 250;
const healthyWithinMs = 60_000;

export interface Following {
  readonly plan: Plan;
  readonly dir: string;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/**
 * Waits until `hasFollowed` holds for every member. Members of etcd here that have not are restarted one after the other, each once
 * all are healthy: etcd reads what it trusts when it starts.
 * @throws WizardError `rotation` naming those that do not follow, and what a person has to do
 */
export async function untilFollowed(
  following: Following,
  restarts: boolean,
  hasFollowed: (member: Member) => Promise<boolean>,
): Promise<void> {
  const { plan, dir, progress, signal } = following;
  if (await isDown(plan, dir)) return;
  await refuseStopped(plan, dir);
  if (restarts && isRestartedHere(plan)) {
    for (const member of plan.members) {
      if (await hasFollowed(member)) continue;
      progress(`restarting ${member.name}`);
      await restart(following, member);
    }
  }
  const deadline = Date.now() + (plan.cluster.run === 'local' ? patienceMs : pollMs);
  let waiting = plan.members;
  for (;;) {
    const followed = await Promise.all(waiting.map(hasFollowed));
    waiting = waiting.filter((_, place) => followed[place] !== true);
    if (waiting.length === 0) return;
    if (Date.now() > deadline) throw lagging(plan, waiting);
    progress(`waiting for ${waiting.map(({ name }) => name).join(', ')}`);
    await delay(pollMs, undefined, { signal });
  }
}

/** Nobody runs that could be asked: those that are started later begin with what is there by then. */
export async function isDown(plan: Plan, dir: string): Promise<boolean> {
  return plan.cluster.run === 'local' && (await stoppedOf(plan, dir)).length === plan.members.length;
}

/** Members that have no process here. */
async function stoppedOf({ members }: Plan, dir: string): Promise<readonly string[]> {
  const pids = await Promise.all(members.map(({ name }) => pidOf(dir, name)));
  return members.filter((_, place) => pids[place] === undefined).map(({ name }) => name);
}

/** Members of ours read what changes while they run. */
const isRestartedHere = ({ cluster }: Plan): boolean => cluster.engine === 'etcd' && cluster.run === 'local';

/** One that comes back with what it trusted before would have to be told again. @throws WizardError `rotation` */
async function refuseStopped(plan: Plan, dir: string): Promise<void> {
  if (plan.cluster.run !== 'local') return;
  const stopped = await stoppedOf(plan, dir);
  if (stopped.length === 0) return;
  const what = `${stopped.join(', ')} does not run, and the others do: whether all follow can not be seen`;
  throw new WizardError('rotation', what, { stopped }, { hint: 'quorate up --detach starts it; then type it again' });
}

/**
 * Restarts members of etcd that run here, one after the other, each once all are healthy: nothing that was let in before goes on.
 * @returns false when that is not for this machine to do, or one of them does not run
 */
export async function restartAll(following: Following): Promise<boolean> {
  const { plan, dir, progress } = following;
  if (!isRestartedHere(plan) || (await stoppedOf(plan, dir)).length > 0) return false;
  for (const member of plan.members) {
    progress(`restarting ${member.name}`);
    await restart(following, member);
  }
  return true;
}

async function restart({ plan, dir, signal }: Following, member: Member): Promise<void> {
  const client = await connectAsRoot(plan, dir);
  const healthy = (): Promise<void> => untilHealthy(client, plan.members, { dir, timeoutMs: healthyWithinMs, signal });
  try {
    await healthy();
    await stopMember(dir, member.name);
    await startMember(dir, member.name, await commandOf(plan, member, dir));
    await healthy();
  } finally {
    client.close();
  }
}

function lagging({ cluster }: Plan, members: readonly Member[]): WizardError {
  const names = members.map(({ name }) => name).join(', ');
  const etcd = cluster.engine === 'etcd' ? ', and restart etcd there, one member after the other' : '';
  const hint =
    cluster.run === 'local'
      ? 'quorate status says whether they run, their logs why they do not follow; then type it again'
      : `copy members/NAME onto their hosts${etcd}; then type it again`;
  return new WizardError(
    'rotation',
    `${names} did not follow yet: nothing more is changed until all have`,
    { names },
    { hint },
  );
}
