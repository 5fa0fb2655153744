import type { ChildProcess } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { WizardError } from '../errors.js';
import { memberFiles, memberFolder } from '../layout.js';
import type { Member, Plan } from '../plan/plan.js';
import { portObjection, probePort } from '../questions/ports.js';
import { bootstrap } from './bootstrap.js';
import { connectAsRoot } from './cluster-client.js';
import { commandOf } from './engine.js';
import { untilHealthy } from './health.js';
import { logTail, runningMember, startMember, stopMember } from './member-process.js';

export interface UpOptions {
  readonly plan: Plan;
  /** Absolute. */
  readonly dir: string;
  /** Aborted: what this run started is stopped again. */
  readonly signal: AbortSignal;
  /** What goes on, for a person. */
  readonly progress: (text: string) => void;
}

const healthyWithinMs = 60_000;

/**
 * Starts the plan's members that are not running yet, waits until all are healthy, and brings access to the plan.
 * When that fails, the members that this call started are stopped again; their data stays.
 * @returns the names of the members that it started
 * @throws WizardError not-local, files-refused, port-in-use, engine-missing, member-failed, unhealthy, cancelled · ClusterError
 */
export async function up(options: UpOptions): Promise<readonly string[]> {
  const { plan, dir, progress } = options;
  checkLocal(plan, dir);
  const idle = await idleMembers(plan, dir);
  await checkFiles(idle, dir);
  await checkPorts(idle);
  const started: string[] = [];
  try {
    const failed = new AbortController();
    const signal = AbortSignal.any([options.signal, failed.signal]);
    progress(`starting ${idle.map(({ name }) => name).join(', ') || 'nothing: all members run'}`);
    await Promise.all(
      idle.map(async (member) => {
        const child = await startMember(dir, member.name, await commandOf(plan, member, dir));
        started.push(member.name);
        watchForEnd(child, member, dir, failed);
      }),
    );
    await untilReady({ ...options, signal });
    return started;
  } catch (error) {
    await Promise.all(started.map((name) => stopMember(dir, name)));
    throw options.signal.aborted ? cancelled(dir) : error;
  }
}

async function untilReady({ plan, dir, signal, progress }: UpOptions): Promise<void> {
  const client = await connectAsRoot(plan, dir);
  try {
    progress('waiting for a leader');
    await untilHealthy(client, plan.members, healthyWithinMs, signal);
    // The included store has applied the plan's access before it answered anybody.
    if (plan.cluster.engine === 'included') return;
    progress('bringing users and roles, turning auth on');
    await bootstrap(client, plan, dir, signal);
  } finally {
    client.close();
  }
}

function checkLocal({ cluster }: Plan, dir: string): void {
  if (cluster.run === 'local') return;
  throw new WizardError(
    'not-local',
    `the plan's members run as ${cluster.run} on hosts of their own, not here`,
    {},
    {
      hint: `copy ${join(dir, 'members', 'NAME')}/ onto each host as it is and start them there; then: quorate bootstrap`,
    },
  );
}

async function idleMembers({ members }: Plan, dir: string): Promise<readonly Member[]> {
  const running = await Promise.all(members.map(({ name }) => runningMember(dir, name)));
  return members.filter((_, place) => running[place] === undefined);
}

async function checkFiles(members: readonly Member[], dir: string): Promise<void> {
  for (const { name } of members) {
    const path = join(dir, memberFolder(name), memberFiles.serverKey);
    await access(path).catch((cause: Error) => {
      throw new WizardError(
        'files-refused',
        `member ${name} has no certificates yet: ${path} is not there`,
        { path },
        {
          cause,
          hint: `quorate apply --dir ${dir}`,
        },
      );
    });
  }
}

async function checkPorts(members: readonly Member[]): Promise<void> {
  const objections = await Promise.all(members.map((member) => portObjection(member, probePort)));
  const found = objections.flatMap((objection, place) =>
    objection === undefined ? [] : [{ objection, member: members[place] }],
  );
  const [first] = found;
  if (first === undefined) return;
  const what = found.map(({ objection, member }) => `member ${member?.name}: ${objection.what}`).join('; ');
  throw new WizardError(
    'port-in-use',
    what,
    {},
    first.objection.hint === undefined ? {} : { hint: first.objection.hint },
  );
}

function watchForEnd(child: ChildProcess, { name }: Member, dir: string, failed: AbortController): void {
  child.once('exit', async (code, signal) => {
    const tail = await logTail(dir, name, 5);
    failed.abort(
      new WizardError(
        'member-failed',
        `member ${name} ended with ${signal ?? `code ${code}`}:\n${tail}`,
        { name, code, signal },
        {
          hint: `its whole log is ${join(dir, 'run', `${name}.log`)}`,
        },
      ),
    );
  });
}

const cancelled = (dir: string): WizardError =>
  new WizardError(
    'cancelled',
    'stopped before the cluster was healthy; the members are down, their data is kept',
    {},
    {
      hint: `quorate up --dir ${dir} starts them again`,
    },
  );
