import type { Plan } from '../plan/plan.js';
import { up } from '../run/up.js';
import type { Context } from './command.js';

/** Starts the local members of a plan that has been applied, as `up --detach` does, and returns once they are healthy. */
export async function start(plan: Plan, { terminal, dir, signal }: Context): Promise<void> {
  try {
    const started = await up({ plan, dir, signal, progress: (text) => terminal.progress(text) });
    const all = plan.members.length;
    terminal.say(
      started.length === 0
        ? `all ${all} members of ${plan.cluster.name} were running, and are healthy`
        : `${plan.cluster.name} is healthy: started ${[...started].sort().join(', ')}`,
    );
  } finally {
    terminal.endProgress();
  }
}
