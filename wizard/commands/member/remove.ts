import { WizardError } from '../../errors.js';
import { type MemberRemoval, removeMember } from '../../members/remove.js';
import type { Plan } from '../../plan/plan.js';
import { memberNameRule } from '../../plan/rules.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { makeMatch } from '../apply.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate member remove` */
export async function remove(context: Context, given: Given): Promise<ExitCode> {
  const name = String(given.name);
  await confirmed(
    context,
    given,
    `Remove ${name} from the cluster? Its certificates are revoked, which is not taken back.`,
  );
  const removal = await takeOut(context, name, await readPlan(context));
  await makeMatch(context, removal.plan);
  const { revoked, data, wasLive } = removal;
  if (given.json === true) context.terminal.json({ name, wasLive, revoked, data });
  else sayRemoval(context, name, removal);
  return exitCodes.done;
}

/** @throws WizardError `usage` for a name that is none, or that is not in the plan */
export async function takeOut(context: Context, name: string, plan: Plan): Promise<MemberRemoval> {
  const { terminal, dir, now, passphrases, signal } = context;
  // It names folders that are moved.
  const objection = memberNameRule(name);
  if (objection !== undefined) throw new WizardError('usage', objection.what, { name });
  try {
    const progress = (text: string): void => terminal.progress(text);
    return await removeMember({ dir, name, now: now(), passphrases, signal, progress }, plan);
  } finally {
    terminal.endProgress();
  }
}

export function sayRemoval({ terminal }: Context, name: string, { wasLive, revoked, data }: MemberRemoval): void {
  terminal.say(wasLive ? `the cluster goes on without ${name}` : `the cluster had no ${name}`);
  if (revoked.length > 0) terminal.say(`revoked ${revoked.join(', ')}`);
  if (data !== undefined) terminal.say(`its data is ${data} now; it may be deleted`);
}

/** @throws WizardError `usage` where nobody can be asked, `cancelled` */
export async function confirmed({ terminal }: Context, { yes }: Given, question: string): Promise<void> {
  if (yes === true) return;
  if (!terminal.interactive)
    throw new WizardError(
      'usage',
      'a revocation is not taken back, and there is nobody to ask',
      {},
      { hint: '--yes does it without asking' },
    );
  const { confirmChange } = await import('../../questions/ask.js');
  if (!(await confirmChange(question))) throw new WizardError('cancelled', 'cancelled: nothing was changed', {}, {});
}
