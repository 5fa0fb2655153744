import { WizardError } from '../errors.js';
import { planFile } from '../layout.js';
import { withUser } from '../plan/edit-text.js';
import { parsePlanText } from '../plan/parse.js';
import type { Plan, User } from '../plan/plan.js';

export const refusedAnswer = (what: string, hint: string): WizardError =>
  new WizardError('answer-refused', what, {}, { hint });

/** The plan with the user in it; as it is when they are there with the same roles. @throws WizardError `answer-refused` */
export function planWith(text: string, plan: Plan, user: User): { readonly text: string; readonly plan: Plan } {
  const known = plan.access.users.find(({ name }) => name === user.name);
  if (known !== undefined) {
    if (user.password && !known.password) {
      const hint = `etcdctl user passwd gives them one; or take them out first: quorate user remove ${user.name}`;
      throw refusedAnswer(`${user.name} is in the plan already, without a password`, hint);
    }
    if (known.roles.toSorted().join('\n') === user.roles.toSorted().join('\n')) return { text, plan };
    const has = `${user.name} is in the plan already, with the roles ${known.roles.join(', ') || 'none'}`;
    throw refusedAnswer(has, 'change them there, or give the same ones');
  }
  const next = withUser(text, user);
  try {
    return { text: next, plan: parsePlanText(next, planFile).plan };
  } catch (error) {
    if (!(error instanceof WizardError) || error.code !== 'plan-refused') throw error;
    const errors = error.complaints.filter(({ severity }) => severity === 'error');
    const hints = new Set(errors.flatMap(({ hint }) => (hint === undefined ? [] : [hint])));
    throw refusedAnswer(errors.map(({ what }) => what).join('; '), [...hints].join('; ') || 'nothing was changed');
  }
}
