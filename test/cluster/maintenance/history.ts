import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { EtcdClient } from '../../../cluster/client/client.js';
import { ClusterCalls } from '../../../cluster/client/cluster-calls.js';
import { everything, keysWithPrefix } from '../../../cluster/client/operations.js';
import { revision } from '../../../cluster/numbers.js';
import type { Method } from '../../../cluster/wire/method.js';
import { authMethods, kvMethods, leaseMethods, maintenanceMethods } from '../../../cluster/wire/services.js';
import { temporaryFolder } from '../../certificates.js';
import { del, put } from '../store/operations.js';

export type Step = (client: EtcdClient) => Promise<unknown>;

const putting =
  (key: string, value: string): Step =>
  (client) =>
    client.put(key, value);
const deleting =
  (key: string): Step =>
  (client) =>
    client.delete(key);
const compacting =
  (at: number): Step =>
  (client) =>
    client.compact(revision(at), { physical: true });

export const calls = ({ endpoints }: EtcdClient) => new ClusterCalls(endpoints, undefined, undefined);
/** A lease of an hour. */
const granting =
  (id: number): Step =>
  async (client) => {
    await calls(client).anywhere(leaseMethods.leaseGrant, { ID: id, TTL: 3600 }, 'once');
  };
const leasing =
  (key: string, lease: number): Step =>
  async (client) => {
    await calls(client).anywhere(kvMethods.put, { key: Buffer.from(key), value: Buffer.from('leased'), lease }, 'once');
  };
const revoking =
  (id: number): Step =>
  async (client) => {
    await calls(client).anywhere(leaseMethods.leaseRevoke, { ID: id }, 'once');
  };
const ops: Step = (client) => client.txn({ success: [put('t1', 'a'), put('t2', 'b'), del('k0'), put('t3', '')] });

/** Every kind of change, and all places where a compaction can fall. */
export const history: readonly Step[] = [
  ...Array.from({ length: 20 }, (_, n) => putting(`k${n % 7}`, `v${n}`)),
  deleting('k3'),
  putting('k3', 'again'),
  putting('empty', ''),
  ops,
  compacting(15),
  deleting('k4'),
  putting('\u0000\u00ff', 'x'.repeat(5000)),
  (client) => client.delete(keysWithPrefix('t')),
  compacting(25),
  granting(7),
  granting(2 ** 40 + 1),
  leasing('l2', 7),
  leasing('l1', 7),
  leasing('l3', 2 ** 40 + 1),
  revoking(7),
  (client) => client.delete(everything),
  compacting(33),
  putting('z', '1'),
  deleting('z'),
  putting('last', '1'),
  putting('last', '2'),
  compacting(37),
  putting('last', '3'),
  leasing('leased', 2 ** 40 + 1),
];

/** Users and roles, auth not on yet. */
export const access: readonly Step[] = [
  (client) => client.auth.roleAdd('root'),
  (client) => client.auth.roleAdd('app'),
  async (client) => {
    for (const [permType, key, rangeEnd] of [
      [2, 'app/', 'app0'],
      [0, 'config', ''],
      [1, 'queue', '\0'],
    ] as const) {
      const perm = { permType, key: Buffer.from(key), rangeEnd: Buffer.from(rangeEnd) };
      await calls(client).anywhere(authMethods.roleGrantPermission, { name: 'app', perm }, 'once');
    }
  },
  (client) => calls(client).anywhere(authMethods.userAdd, { name: 'root', password: 'rootpw' }, 'once'),
  (client) => calls(client).anywhere(authMethods.userAdd, { name: 'ann', password: 'geheim' }, 'once'),
  (client) => calls(client).anywhere(authMethods.userAdd, { name: 'cert', options: { noPassword: true } }, 'once'),
  ...[
    ['root', 'root'],
    ['ann', 'app'],
    ['cert', 'app'],
  ].map(
    ([user = '', role = '']): Step =>
      (client) =>
        calls(client).anywhere(authMethods.userGrantRole, { user, role }, 'once'),
  ),
];

/** A client of the endpoint that has signed in with a password. */
export async function signedIn(client: EtcdClient, name: string, password: string): Promise<ClusterCalls> {
  const { token } = await calls(client).anywhere(authMethods.authenticate, { name, password }, 'once');
  return new ClusterCalls(client.endpoints, undefined, token);
}

/** Everything that a store of the two can be asked and must answer alike. `root`: with a token, once auth is on. */
export async function answersOf(client: EtcdClient, root = calls(client)): Promise<Record<string, unknown>> {
  const [endpoint = ''] = client.endpoints;
  const ask = async <Shape>(method: Method<Shape, unknown, never, object>, request: Shape): Promise<unknown> => {
    const { header: _, ...answer } = JSON.parse(JSON.stringify(await root.anywhere(method, request, 'repeatable')));
    return answer;
  };
  const users = ['root', 'ann', 'cert'].map((name) => ask(authMethods.userGet, { name }).catch(String));
  const roles = ['app'].map((role) => ask(authMethods.roleGet, { role }).catch(String));
  const { hash, compactRevision } = await root.at(endpoint, maintenanceMethods.hashKV, {});
  const { header } = await root.anywhere(kvMethods.range, { key: Buffer.from('x') }, 'repeatable');
  const latest = Number(header?.revision);
  const ranges: unknown[] = [];
  for (let at = Math.max(1, Number(compactRevision)); at <= latest; at++) {
    ranges.push(await ask(kvMethods.range, { key: Buffer.of(0), rangeEnd: Buffer.of(0), revision: at }));
  }
  return {
    ...{ hash, compacted: Number(compactRevision), latest, ranges },
    users: await Promise.all(users),
    roles: await Promise.all(roles),
    leases: await ask(leaseMethods.leaseLeases, {}),
  };
}

/** A snapshot of the member behind the endpoint, in a file. */
export async function saved(
  t: ExecutionContext,
  client: EtcdClient,
  endpoint: string,
  token?: string,
): Promise<string> {
  client.useToken(token);
  const path = join(await temporaryFolder(t), 'ours.db');
  const file = createWriteStream(path);
  let expected: number | undefined;
  for await (const { bytes, remaining } of client.snapshot(endpoint)) {
    if (expected !== undefined) t.is(remaining, Math.max(0, expected - bytes.length));
    expected = remaining;
    if (!file.write(bytes)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  t.is(expected, 0);
  return path;
}
