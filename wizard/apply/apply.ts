import { dirname, join } from 'node:path';
import { sweepFolder } from '#pki';
import type { Artifact } from '../artifacts/artifact.js';
import { desiredArtifacts, phaseOf } from '../artifacts/desired.js';
import { goesOn, WizardError } from '../errors.js';
import type { PassphraseSource } from '../passphrases.js';
import type { Plan } from '../plan/plan.js';
import { settleExchange } from '../rotation/stage.js';
import { planSteps } from '../steps/plan-steps.js';
import type { Step } from '../steps/step.js';
import { takeLock } from './lock.js';
import { observe } from './observe.js';
import { Realizer } from './realize.js';
import { surplusOf } from './surplus.js';

export interface ApplyOptions {
  readonly plan: Plan;
  /** Absolute. */
  readonly dir: string;
  readonly now: () => Date;
  /** Passwords that a person chose, by user. */
  readonly passwords?: ReadonlyMap<string, string>;
  /** What opens the authority's key; without it only one in clear is opened, and made. */
  readonly passphrases?: PassphraseSource;
  /** What an earlier plan wanted stays where it is; it is set aside otherwise. */
  readonly keepSurplus?: boolean;
  /** Ends the run between two steps. */
  readonly signal: AbortSignal;
  /** Something for a person to know, at once. */
  readonly say: (text: string) => void;
  /** Before and after each step. */
  readonly progress: (done: number, all: number, step: Step) => void;
}

/** What there is to do, and how much is as it is to be. */
export interface Outstanding {
  readonly steps: readonly Step[];
  readonly kept: number;
}

/** What apply would do now. Reads only. */
export async function outstanding(plan: Plan, dir: string, now: Date): Promise<Outstanding> {
  const artifacts = await artifactsOf(plan, dir);
  const steps = planSteps(artifacts, await observe(dir, artifacts), now);
  return { steps, kept: artifacts.length - steps.length };
}

export const outstandingSteps = async (plan: Plan, dir: string, now: Date): Promise<readonly Step[]> =>
  (await outstanding(plan, dir, now)).steps;

async function artifactsOf(plan: Plan, dir: string): Promise<readonly Artifact[]> {
  const desired = desiredArtifacts(plan, dir);
  return [...desired, ...(await surplusOf(plan, dir, desired))];
}

// Keys are made, and files synced, off the event loop: some at a time keep disk and processors busy.
const atOnceMax = 16;

/** Steps of one group stand in nothing that another one of it makes: folders of one depth, and all else of one phase. */
const groupOf = ({ artifact }: Step): string =>
  artifact.kind === 'folder' ? `folder ${artifact.path.split('/').length}` : `phase ${phaseOf(artifact)}`;

/** Steps that may be taken together, in the order of the groups. */
function groups(steps: readonly Step[]): Step[][] {
  const all: Step[][] = [];
  for (const step of steps) {
    const last = all.at(-1);
    const [first] = last ?? [];
    if (last !== undefined && first !== undefined && groupOf(first) === groupOf(step)) last.push(step);
    else all.push([step]);
  }
  return all;
}

/** Takes all of them, some at a time, until one fails or `stopped`. Returns when none is at work any more. */
async function takeTogether(
  steps: readonly Step[],
  take: (step: Step) => Promise<void>,
  stopped: () => boolean,
): Promise<void> {
  const left = steps.values();
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (const step of left) {
      if (failure !== undefined || stopped()) return;
      await take(step).catch((error: unknown) => {
        failure ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, steps.length) }, work));
  if (failure !== undefined) throw failure.error;
}

/** What killed runs left half-written, in every folder that this one writes to. */
async function sweep(dir: string, artifacts: readonly Artifact[]): Promise<number> {
  const folders = new Set([dir, ...artifacts.map(({ path }) => dirname(join(dir, path)))]);
  const swept = await Promise.all([...folders].map(sweepFolder));
  return swept.reduce((sum, count) => sum + count, 0);
}

function cancelled(done: number, all: number): WizardError {
  return new WizardError('cancelled', `stopped after ${done} of ${all} steps`, { done, all }, { hint: goesOn });
}

/**
 * Makes DIR match the plan and returns the steps that this took: none when it did already. It may be killed at any
 * time: the next run goes on from there.
 *
 * @throws WizardError `busy`, `cancelled`, `authority-incomplete` · PkiError
 */
export async function apply(options: ApplyOptions): Promise<readonly Step[]> {
  const lock = await takeLock(options.dir);
  try {
    return await work(options, lock.interrupted?.pid);
  } finally {
    await lock.release();
  }
}

async function work(options: ApplyOptions, interruptedPid: number | undefined): Promise<readonly Step[]> {
  const { plan, dir, now, passwords = new Map(), passphrases, signal, say } = options;
  await settleExchange(dir);
  const artifacts = options.keepSurplus === true ? desiredArtifacts(plan, dir) : await artifactsOf(plan, dir);
  const swept = await sweep(dir, artifacts);
  const observed = await observe(dir, artifacts);
  if (observed.authority.state === 'waiting') throw observed.authority.error;
  const steps = planSteps(artifacts, observed, now());
  if (interruptedPid !== undefined || swept > 0) say(resumption(interruptedPid, steps.length));
  const realizer = new Realizer({ dir, now, passwords, passphrases });
  // Whoever has to be asked is asked before anything is written.
  await realizer.prepare(steps);
  let done = 0;
  const take = async (step: Step): Promise<void> => {
    options.progress(done, steps.length, step);
    const notes = await realizer.realize(step);
    done += 1;
    options.progress(done, steps.length, step);
    for (const note of notes) say(note);
  };
  try {
    for (const group of groups(steps)) {
      await takeTogether(group, take, () => signal.aborted);
      if (done < steps.length && signal.aborted) throw cancelled(done, steps.length);
    }
    return steps;
  } finally {
    await realizer.close();
  }
}

function resumption(pid: number | undefined, left: number): string {
  const whose = pid === undefined ? 'an earlier run' : `the run of process ${pid}`;
  const rest =
    left === 0 ? 'nothing was left to do' : `finishing what it left, ${left} ${left === 1 ? 'step' : 'steps'}`;
  return `${whose} was interrupted: ${rest}`;
}
