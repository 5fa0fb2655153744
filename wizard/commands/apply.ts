import { join } from 'node:path';
import { accessDrift, isDrifted } from '../access/drift.js';
import { apply as applyPlan } from '../apply/apply.js';
import { pkiFolder } from '../layout.js';
import type { Plan } from '../plan/plan.js';
import { type ExitCode, exitCodes } from '../report.js';
import { type Step, titleOf } from '../steps/step.js';
import type { Context, Given } from './command.js';
import { stepCount, stepJson } from './plan.js';
import { readPlan } from './plan-file.js';

const keyInClear =
  "the authority's key is not encrypted: quorate cert passphrase puts it under a passphrase, at any time";

/** It is for the day on which the intermediate is to be replaced. */
const rootAside = (dir: string): string =>
  `${join(dir, pkiFolder, 'root.key')} signs another intermediate and nothing else: keep it elsewhere, and take it off this machine`;

export const makesAuthority = (steps: readonly Step[]): boolean =>
  steps.some(({ action, artifact }) => artifact.kind === 'authority' && action === 'create');

/** Makes DIR match the plan, with progress for a person. @returns the steps that it took */
export async function makeMatch(
  { terminal, dir, signal, now, passphrases }: Context,
  plan: Plan,
  passwords: ReadonlyMap<string, string> = new Map(),
  keepSurplus = false,
): Promise<readonly Step[]> {
  try {
    const steps = await applyPlan({
      plan,
      dir,
      now,
      passwords,
      keepSurplus,
      passphrases,
      signal,
      say: (text) => terminal.say(text),
      progress: (done, all, { artifact }) => terminal.progress(`[${done}/${all}] ${titleOf(artifact)}`),
    });
    if (makesAuthority(steps)) {
      if (plan.pki.key === undefined && (await passphrases.forNew()) === undefined) terminal.say(keyInClear);
      if (plan.pki.authority === 'intermediate') terminal.say(rootAside(dir));
    }
    return steps;
  } finally {
    terminal.endProgress();
  }
}

/** `quorate apply` */
export async function apply(context: Context, { json }: Given): Promise<ExitCode> {
  const { terminal, dir, signal } = context;
  const plan = await readPlan(context);
  const steps = await makeMatch(context, plan);
  if (json === true) terminal.json({ dir, steps: steps.map(stepJson) });
  terminal.say(
    steps.length === 0
      ? `${dir} was as its plan wants it`
      : `${dir} is as its plan wants it, after ${stepCount(steps)}`,
  );
  const drift = await accessDrift(plan, dir, signal);
  if (isDrifted(drift)) terminal.say('users and roles of the running cluster differ: quorate plan shows them');
  return exitCodes.done;
}
