import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { WizardError } from '../errors.js';
import { parsePlanText, type ReadPlan } from '../plan/parse.js';
import { defaultPlan, type Plan } from '../plan/plan.js';
import { sayComplaint } from '../report.js';
import type { Context } from './command.js';

// Where the wizard's answers come from: a file, a person, or the defaults.

export interface Answered {
  readonly plan: Plan;
  /** Passwords that were typed, by user. */
  readonly passwords: ReadonlyMap<string, string>;
}

const stdin = '-';

async function readAnswers(file: string): Promise<ReadPlan> {
  if (file === stdin) return parsePlanText(await text(process.stdin), 'stdin');
  try {
    return parsePlanText(await readFile(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof WizardError) throw cause;
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new WizardError(
      'files-refused',
      `the answers can't be read: ${what}`,
      { file },
      { hint: 'check the path', cause },
    );
  }
}

async function askedPlan(): Promise<Answered> {
  const [{ askAll }, { planFromAnswers, chosenPasswords }, { probePort }] = await Promise.all([
    import('../questions/ask.js'),
    import('../questions/answers.js'),
    import('../questions/ports.js'),
  ]);
  const answers = await askAll(probePort);
  return { plan: planFromAnswers(answers).plan, passwords: chosenPasswords(answers) };
}

/** @throws WizardError `plan-refused`, `files-refused`, `cancelled` */
export async function answered({ terminal }: Context, file: string | undefined, ask: boolean): Promise<Answered> {
  const passwords = new Map<string, string>();
  if (file !== undefined) {
    const { plan, warnings } = await readAnswers(file);
    for (const warning of warnings) sayComplaint(terminal, warning);
    return { plan, passwords };
  }
  if (ask) return askedPlan();
  return { plan: defaultPlan, passwords };
}
