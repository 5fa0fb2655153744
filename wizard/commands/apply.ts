import { apply as applyPlan } from '../apply/apply.js';
import type { Plan } from '../plan/plan.js';
import { type ExitCode, exitCodes } from '../report.js';
import { type Step, titleOf } from '../steps/step.js';
import type { Context, Given } from './command.js';
import { stepCount, stepJson } from './plan.js';
import { readPlan } from './plan-file.js';

/** Makes DIR match the plan, with progress for a person. @returns the steps that it took */
export async function makeMatch(
  { terminal, dir, signal, now }: Context,
  plan: Plan,
  passwords: ReadonlyMap<string, string> = new Map(),
): Promise<readonly Step[]> {
  try {
    return await applyPlan({
      plan,
      dir,
      now,
      passwords,
      signal,
      say: (text) => terminal.say(text),
      progress: (done, all, { artifact }) => terminal.progress(`[${done}/${all}] ${titleOf(artifact)}`),
    });
  } finally {
    terminal.endProgress();
  }
}

/** `quorate apply` */
export async function apply(context: Context, { json }: Given): Promise<ExitCode> {
  const { terminal, dir } = context;
  const steps = await makeMatch(context, await readPlan(context));
  if (json === true) terminal.json({ dir, steps: steps.map(stepJson) });
  terminal.say(
    steps.length === 0
      ? `${dir} was as its plan wants it`
      : `${dir} is as its plan wants it, after ${stepCount(steps)}`,
  );
  return exitCodes.done;
}
