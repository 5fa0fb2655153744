import type { EtcdClient } from '#cluster';
import { allRights, bothOf, fromStore, noRights, type Rights, rightsOf } from '../access/rights.js';
import { root } from '../plan/plan.js';

/** What roles of the store grant, as it has them now. A user may ask for their own. */
export async function rightsOfRoles(
  { auth }: Pick<EtcdClient, 'auth'>,
  roles: readonly string[],
  signal: AbortSignal,
): Promise<Rights> {
  if (roles.includes(root)) return allRights;
  const all = await Promise.all(
    roles.map(async (role) => rightsOf((await auth.roleGet(role, { signal })).map(fromStore))),
  );
  return all.reduce(bothOf, noRights);
}
