import { WizardError } from '../../errors.js';
import { parseMemberLine } from '../../questions/member-line.js';
import type { ExitCode } from '../../report.js';
import { quoted } from '../../shown.js';
import { makeMatch } from '../apply.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';
import { bring, sayAdded } from './add.js';
import { confirmed, sayRemoval, takeOut } from './remove.js';

/** `quorate member replace` */
export async function replace(context: Context, given: Given): Promise<ExitCode> {
  const name = String(given.name);
  const plan = await readPlan(context);
  const existing = plan.members.find((each) => each.name === name);
  if (existing === undefined && given.address === undefined) {
    const hint = `there are: ${plan.members.map((each) => each.name).join(', ')}; with an address it goes on with one that is out already`;
    throw new WizardError('usage', `the plan has no member ${quoted(name)}`, { name }, { hint });
  }
  const member =
    given.address === undefined && existing !== undefined
      ? existing
      : parseMemberLine(`${name} ${String(given.address)}`);
  await confirmed(
    context,
    given,
    `Put an empty member in the place of ${name}? Its data here is set aside, its certificates are revoked.`,
  );
  const removal = await takeOut(context, name, plan);
  await makeMatch(context, removal.plan);
  sayRemoval(context, name, removal);
  return sayAdded(context, given, name, await bring(context, member, removal.plan));
}
