import { outstandingSteps } from '../apply/apply.js';
import { type ExitCode, exitCodes } from '../report.js';
import { type Step, stepLine, titleOf } from '../steps/step.js';
import type { Context, Given } from './command.js';
import { readPlan } from './plan-file.js';

/** For programs: what a step does, without how. */
export const stepJson = ({ action, artifact, because }: Step): object => ({
  action,
  path: artifact.path,
  what: titleOf(artifact),
  because,
});

export function stepLines(steps: readonly Step[]): string[] {
  const width = Math.max(0, ...steps.map(({ artifact }) => artifact.path.length));
  return steps.map((step) => stepLine(step, width));
}

export const stepCount = (steps: readonly Step[]): string => `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`;

const kindNames: Readonly<Record<Step['artifact']['kind'], readonly [one: string, many: string]>> = {
  authority: ['authority', 'authorities'],
  folder: ['folder', 'folders'],
  'key-pair': ['certificate', 'certificates'],
  certificate: ['certificate', 'certificates'],
  password: ['password', 'passwords'],
  trust: ['file', 'files'],
  revocations: ['file', 'files'],
  access: ['file', 'files'],
  file: ['file', 'files'],
};

/** `41 steps: 1 authority, 20 folders, 8 certificates, 12 files` */
export function stepSummary(steps: readonly Step[]): string {
  const counts = new Map<readonly [string, string], number>();
  for (const { artifact } of steps) {
    const names = [...counts.keys()].find(([one]) => one === kindNames[artifact.kind][0]) ?? kindNames[artifact.kind];
    counts.set(names, (counts.get(names) ?? 0) + 1);
  }
  const parts = [...counts].map(([[one, many], count]) => `${count} ${count === 1 ? one : many}`);
  return `${stepCount(steps)}: ${parts.join(', ')}`;
}

/** `quorate plan` */
export async function plan(context: Context, { json }: Given): Promise<ExitCode> {
  const { terminal, dir, now } = context;
  const steps = await outstandingSteps(await readPlan(context), dir, now());
  if (json === true) terminal.json({ dir, steps: steps.map(stepJson) });
  else for (const line of stepLines(steps)) terminal.result(line);
  if (steps.length === 0) {
    terminal.say(`${dir} is as its plan wants it`);
    return exitCodes.done;
  }
  terminal.say(`${stepCount(steps)}: quorate apply does them`);
  return exitCodes.pending;
}
