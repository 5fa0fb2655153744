import { shellArgument } from '#templates';
import { takeLock } from '../apply/lock.js';
import { WizardError } from '../errors.js';
import type { Member, Plan } from '../plan/plan.js';
import { checkFiles, checkLocal, checkPorts } from './checks.js';
import { commandOf } from './engine.js';
import { type StartedMember, startMember, stopMembers } from './member-process.js';
import { pidToActOn } from './pid-file.js';
import type { UpOptions } from './up-options.js';

export type { UpOptions };

/**
 * Starts the plan's members that are not running yet, waits until all are healthy, and brings access to the plan.
 * When that fails, the members that this call started are stopped again; their data stays.
 * @returns the members that it started
 * @throws WizardError not-local, files-refused, port-in-use, engine-missing, busy, member-failed, unhealthy, cancelled · ClusterError
 */
export async function up(options: UpOptions): Promise<readonly StartedMember[]> {
  const { plan, dir, now } = options;
  checkLocal(plan, dir);
  await checkFiles(plan, dir, now);
  // Two runs would both find the members idle and start them twice.
  const lock = await takeLock(dir);
  try {
    return await startIdle(options);
  } finally {
    await lock.release();
  }
}

async function startIdle(options: UpOptions): Promise<readonly StartedMember[]> {
  const { plan, dir, signal, progress } = options;
  const idle = await idleMembers(plan, dir);
  await checkPorts(idle);
  const commands = await Promise.all(
    idle.map(async (member) => [member.name, await commandOf(plan, member, dir)] as const),
  );
  if (signal.aborted) throw cancelled(dir);
  progress(idle.length === 0 ? 'all members run' : `starting ${idle.map(({ name }) => name).join(', ')}`);
  const outcomes = await Promise.allSettled(commands.map(([name, command]) => startMember(dir, name, command)));
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  try {
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    await untilReady(options, started);
    return started;
  } catch (error) {
    await stopMembers(
      dir,
      started.map(({ name }) => name),
    );
    throw signal.aborted ? cancelled(dir) : error;
  }
}

async function untilReady(options: UpOptions, started: readonly StartedMember[]): Promise<void> {
  const failed = new AbortController();
  for (const { ended } of started) void ended.then((error) => failed.abort(error));
  const signal = AbortSignal.any([options.signal, failed.signal]);
  try {
    // The client's code is loaded while the members load theirs.
    const { becomeReady } = await import('./ready.js');
    await becomeReady({ ...options, signal });
  } catch (error) {
    // Whatever it was that broke off: it did because a member had ended.
    throw failed.signal.aborted ? failed.signal.reason : error;
  }
}

async function idleMembers({ members }: Plan, dir: string): Promise<readonly Member[]> {
  const pids = await Promise.all(members.map(({ name }) => pidToActOn(dir, name)));
  return members.filter((_, place) => pids[place] === undefined);
}

function cancelled(dir: string): WizardError {
  const what = 'stopped before the cluster was healthy; the members that this run started are down, their data is kept';
  return new WizardError('cancelled', what, {}, { hint: `quorate up --dir ${shellArgument(dir)} starts them again` });
}
