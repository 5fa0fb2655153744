import type { Objection } from '../plan/complaints.js';
import { skeleton } from '../plan/look-alikes.js';
import { type Plan, usersOf } from '../plan/plan.js';
import { memberNameRule, userNameRule } from '../plan/rules.js';

/**
 * Whose a certificate is: a member's, which is dialled under its name; a user's, who signs in with it; nobody's, which has
 * no common name.
 */
export type Bearer = 'member' | 'user' | 'nobody';

/** Both sign in to a store with auth on, as the user of the same name: neither may pass for another. */
export function nameObjection(bearer: Bearer, name: string, plan: Plan): Objection | undefined {
  const rule = bearer === 'user' ? userNameRule : memberNameRule;
  const objection = rule(name);
  if (objection !== undefined || bearer === 'nobody') return objection;
  const users = usersOf(plan).map((user) => ({ name: user.name, what: 'user' }));
  const members = plan.members.map((member) => ({ name: member.name, what: 'member' }));
  const [own, others] = bearer === 'user' ? [users, members] : [members, users];
  const key = skeleton(name);
  const taken = [...own.filter((each) => each.name !== name), ...others].find((each) => skeleton(each.name) === key);
  if (taken === undefined) return undefined;
  const what = `a certificate for ${JSON.stringify(name)} could be taken for one of the ${taken.what} ${taken.name}`;
  return { what, hint: 'choose another name' };
}
