import { accessDrift, isDrifted } from '../access/drift.js';
import { outstanding } from '../apply/apply.js';
import { type ExitCode, exitCodes } from '../report.js';
import { type Step, stepLine, titleOf } from '../steps/step.js';
import type { Style, Terminal } from '../terminal.js';
import { showDrift } from './access/show.js';
import type { Context, Given } from './command.js';
import { readPlan } from './plan-file.js';

/** For programs: what a step does, without how. */
export const stepJson = ({ action, artifact, because, diff }: Step): object => ({
  action,
  path: artifact.path,
  what: titleOf(artifact),
  because,
  ...(diff !== undefined && { diff }),
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
  surplus: ['leftover', 'leftovers'],
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

const diffColors: Readonly<Record<string, Style>> = { '+': 'green', '-': 'red', '@': 'dim' };
const diffLinesMax = 40;

function showSteps(terminal: Terminal, steps: readonly Step[]): void {
  const lines = stepLines(steps);
  for (const [place, { diff = [] }] of steps.entries()) {
    terminal.result(lines[place] ?? '');
    for (const line of diff.slice(0, diffLinesMax))
      terminal.result(`         ${terminal.paint(diffColors[line[0] ?? ''] ?? 'reset', line)}`);
    if (diff.length > diffLinesMax) terminal.result(`         … ${diff.length - diffLinesMax} lines more`);
  }
}

/** `quorate plan` */
export async function plan(context: Context, { json, offline }: Given): Promise<ExitCode> {
  const { terminal, dir, now, signal } = context;
  const wanted = await readPlan(context);
  const [{ steps, kept }, drift] = await Promise.all([
    outstanding(wanted, dir, now()),
    offline === true ? undefined : accessDrift(wanted, dir, signal),
  ]);
  if (json === true) terminal.json({ dir, steps: steps.map(stepJson), kept, access: drift ?? null });
  else {
    showSteps(terminal, steps);
    showDrift(terminal, drift);
  }
  if (steps.length > 0) terminal.say(`${stepCount(steps)}, ${kept} to keep: quorate apply does them`);
  else terminal.say(`${dir} is as its plan wants it`);
  return steps.length > 0 || isDrifted(drift) ? exitCodes.pending : exitCodes.done;
}
