import { dirname, join } from 'node:path';
import { isTaken, modeOf, readTextIfPresent } from '#pki';
import { WizardError } from '../errors.js';
import { planFile } from '../layout.js';
import { parsePlanText } from '../plan/parse.js';
import type { Plan } from '../plan/plan.js';
import { sayComplaint } from '../report.js';
import type { Context } from './command.js';

/** The plan of DIR, with its warnings said; undefined when there is none. @throws WizardError `plan-refused` */
export async function findPlan({ dir, terminal }: Context): Promise<Plan | undefined> {
  const path = join(dir, planFile);
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  const { plan, warnings } = parsePlanText(text, path);
  for (const warning of warnings) sayComplaint(terminal, warning);
  return plan;
}

/** The same where there has to be one. @throws WizardError `plan-missing`, `plan-refused` */
export async function readPlan(context: Context): Promise<Plan> {
  const plan = await findPlan(context);
  if (plan === undefined) throw await missing(context);
  return plan;
}

/** For what a plan is not read for: that DIR is a cluster's. @throws WizardError `plan-missing` */
export async function checkPlanIsThere(context: Context): Promise<void> {
  if ((await modeOf(join(context.dir, planFile))) === undefined) throw await missing(context);
}

async function missing({ dir }: Context): Promise<WizardError> {
  const path = join(dir, planFile);
  const around = dirname(dir);
  // Typed inside of DIR, most of the time.
  const hint = (await isTaken(join(around, planFile)))
    ? `there is one in ${around}: name it with --dir or QUORATE_DIR`
    : 'quorate init writes one; --dir or QUORATE_DIR names another folder';
  return new WizardError('plan-missing', `there is no plan at ${path}`, { path }, { hint });
}
