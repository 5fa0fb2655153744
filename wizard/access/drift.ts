import { connect } from 'node:net';
import { join } from 'node:path';
import { ClusterError, within } from '#cluster';
import { isTaken } from '#pki';
import { kitFiles } from '../layout.js';
import { type Plan, root } from '../plan/plan.js';
import { connectAsRoot } from '../run/cluster-client.js';
import type { Access } from './access.js';
import type { AccessChange } from './changes.js';
import { readAccess } from './live.js';
import { planAccess } from './plan-access.js';

const knockMs = 1_000;
const patienceMs = 5_000;

/** What a cluster has, or why that is not known. */
export type Live = { readonly access: Access; readonly authIsOn: boolean } | { readonly unknown: string };

/** How users and roles of the plan's cluster compare with the plan, or why that is not known. */
export type Drift =
  | { readonly changes: readonly AccessChange[]; readonly authIsOn: boolean }
  | { readonly unknown: string };

/** undefined before there is anybody to ask as. Takes no longer than some seconds. */
export async function accessDrift(plan: Plan, dir: string, signal: AbortSignal): Promise<Drift | undefined> {
  if (!(await isTaken(join(dir, kitFiles(root).certificate)))) return undefined;
  const live = await liveAccess(plan, dir, signal);
  if ('unknown' in live) return live;
  const { changes } = planAccess(live.access, plan.access, false, undefined);
  return { authIsOn: live.authIsOn, changes };
}

/** Users and roles of the plan's cluster. Takes no longer than some seconds. @throws WizardError `files-refused` */
export async function liveAccess(plan: Plan, dir: string, signal: AbortSignal): Promise<Live> {
  const answered = await Promise.all(plan.members.map(({ host, clientPort }) => answers(host, clientPort)));
  if (!answered.includes(true)) return { unknown: 'no member answers' };
  const client = await connectAsRoot(plan, dir);
  try {
    const [{ enabled }, access] = await within(patienceMs, signal, (late) =>
      Promise.all([client.auth.status({ signal: late }), readAccess(client, late)]),
    );
    return { authIsOn: enabled, access };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ClusterError)) throw error;
    return { unknown: error.message };
  } finally {
    client.close();
  }
}

/** A bare connection: the client would wait for members that are about to come. */
const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: knockMs });
    const end = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });

export const isDrifted = (drift: Drift | undefined): boolean =>
  drift !== undefined &&
  !('unknown' in drift) &&
  (!drift.authIsOn || drift.changes.some(({ action }) => action !== 'keep'));
