import { bootstrap } from './bootstrap.js';
import { connectAsRoot } from './cluster-client.js';
import { untilHealthy } from './health.js';
import type { UpOptions } from './up-options.js';

const healthyWithinMs = 60_000;

/** Waits until members that were started are healthy, and brings access to the plan where that is still to be done. */
export async function becomeReady({ plan, dir, signal, progress }: UpOptions): Promise<void> {
  const client = await connectAsRoot(plan, dir);
  try {
    progress('waiting for a leader');
    await untilHealthy(client, plan.members, { dir, timeoutMs: healthyWithinMs, signal });
    // The included store has applied the plan's access before it answered anybody.
    if (plan.cluster.engine === 'included') return;
    progress('bringing users and roles, turning auth on');
    await bootstrap(client, plan, dir, signal);
  } finally {
    client.close();
  }
}
