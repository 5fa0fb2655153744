import type { Plan } from '../plan/plan.js';
import { stopMember } from './member-process.js';

/** Stops the plan's members that run here. @returns the names of those that did */
export async function down({ members }: Plan, dir: string): Promise<readonly string[]> {
  const stopped = await Promise.all(members.map(({ name }) => stopMember(dir, name)));
  return members.flatMap(({ name }, place) => (stopped[place] === true ? [name] : []));
}
