import type { Plan } from '../plan/plan.js';
import type { StartedMember } from '../run/member-process.js';
import { up } from '../run/up.js';
import type { Context } from './command.js';

/**
 * Starts the local members of a plan that has been applied, and returns those that it started once all are healthy.
 * They are left running.
 */
export async function start(plan: Plan, { terminal, dir, signal, now }: Context): Promise<readonly StartedMember[]> {
  try {
    const started = await up({ plan, dir, now: now(), signal, progress: (text) => terminal.progress(text) });
    const all = plan.members.length;
    const names = started.map(({ name }) => name).join(', ');
    terminal.say(
      started.length === 0
        ? `all ${all} members of ${plan.cluster.name} were running, and are healthy`
        : `${plan.cluster.name} is healthy: started ${names}`,
    );
    return started;
  } finally {
    terminal.endProgress();
  }
}
