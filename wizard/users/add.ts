import { type Plan, root, type User, usersOf } from '../plan/plan.js';
import { userNameRule } from '../plan/rules.js';
import { editPlan } from './edit-plan.js';
import { planWith, refusedAnswer } from './plan-with.js';

/**
 * Puts a user into the plan. What is there already with the same roles stays as it is.
 * @throws WizardError `answer-refused` with what speaks against it, `busy`, `plan-refused`
 */
export async function addUser(dir: string, user: User): Promise<Plan> {
  const objection = userNameRule(user.name);
  if (objection !== undefined) throw refusedAnswer(objection.what, objection.hint ?? 'choose another name');
  if (user.name === root) throw refusedAnswer('root is there always', 'choose another name');
  return editPlan(dir, (text, plan) => planWith(text, plan, user).text);
}

/** @throws WizardError `answer-refused` */
export function userOf(plan: Plan, name: string): User {
  const user = usersOf(plan).find((each) => each.name === name);
  if (user !== undefined) return user;
  const names = usersOf(plan).map((each) => each.name);
  throw refusedAnswer(`the plan has no user ${JSON.stringify(name)}`, `there are: ${names.join(', ')}`);
}
