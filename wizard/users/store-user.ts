import { ClusterError, within } from '#cluster';
import type { Plan, User } from '../plan/plan.js';
import { bringUser } from '../run/bootstrap.js';
import { connectAsRoot } from '../run/cluster-client.js';

const patienceMs = 5000;
const unreachable: readonly string[] = ['connection-failed', 'timeout', 'no-leader', 'cancelled'];

export type StoreUser =
  | { readonly reached: true; readonly done: readonly string[] }
  | { readonly reached: false; readonly reason: string };

/** Creates the user with their roles in the plan's cluster, if that runs. @throws ClusterError what a cluster that runs says */
export async function storeUser(plan: Plan, user: User, dir: string, signal: AbortSignal): Promise<StoreUser> {
  const client = await connectAsRoot(plan, dir);
  try {
    return {
      reached: true,
      done: await within(patienceMs, signal, (late) => bringUser(client, plan, user, dir, late)),
    };
  } catch (error) {
    if (signal.aborted || !(error instanceof ClusterError) || !unreachable.includes(error.code)) throw error;
    return { reached: false, reason: error.message };
  } finally {
    client.close();
  }
}
