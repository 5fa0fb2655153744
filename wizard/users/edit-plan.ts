import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { modeOf, readTextIfPresent, replaceFile } from '#pki';
import { takeLock } from '../apply/lock.js';
import { publicFile } from '../artifacts/artifact.js';
import { planFile } from '../layout.js';
import { parsePlanText } from '../plan/parse.js';
import type { Plan } from '../plan/plan.js';

/**
 * Changes the plan of DIR, alone there, and gives the one that is there then. What is no plan is never written.
 * @throws WizardError `busy`, `plan-refused` · PkiError what the disk says
 */
export async function editPlan(dir: string, edit: (text: string, plan: Plan) => string): Promise<Plan> {
  const lock = await takeLock(dir);
  try {
    const path = join(dir, planFile);
    const text = (await readTextIfPresent(path)) ?? '';
    const { plan } = parsePlanText(text, path);
    const next = edit(text, plan);
    if (next === text) return plan;
    const { plan: edited } = parsePlanText(next, path);
    await replaceFile(await realpath(path), next, (await modeOf(path)) ?? publicFile);
    return edited;
  } finally {
    await lock.release();
  }
}
