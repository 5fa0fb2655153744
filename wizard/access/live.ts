import type { EtcdClient } from '#cluster';
import type { Access } from './access.js';
import { inParallel } from './in-parallel.js';
import { fromStore, type Permission } from './rights.js';

const atOnce = 32;

/** Each name with what is found for it, in order. */
async function forEach<T>(names: readonly string[], find: (name: string) => Promise<T>): Promise<Map<string, T>> {
  const found: (readonly [string, T])[] = [];
  await inParallel(names, atOnce, async (name, at) => {
    found[at] = [name, await find(name)];
  });
  return new Map(found);
}

/** Reads all users and roles of a cluster. @throws ClusterError, `permission-denied` unless the client is root or auth is off */
export async function readAccess({ auth }: Pick<EtcdClient, 'auth'>, signal: AbortSignal): Promise<Access> {
  const options = { signal };
  const [roles, users] = await Promise.all([auth.roleList(options), auth.userList(options)]);
  const permissionsOf = async (role: string): Promise<readonly Permission[]> =>
    (await auth.roleGet(role, options)).map(fromStore);
  return {
    roles: await forEach(roles, permissionsOf),
    users: await forEach(users, (user) => auth.userGet(user, options)),
  };
}
