import type { ServiceError } from '@grpc/grpc-js';
import { ClusterCalls } from '../../../cluster/client/cluster-calls.js';
import { ClusterError } from '../../../cluster/errors.js';
import type { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { authMethods, clusterMethods, kvMethods, maintenanceMethods } from '../../../cluster/wire/services.js';

// What a client can do wrong, in order: later situations build on what earlier ones left behind.

type Ask = (calls: ClusterCalls) => Promise<unknown>;
export type Situation = readonly [what: string, ask: Ask];

const bytes = (text: string): Buffer => Buffer.from(text);
const key = bytes('k');
// As a number: its enum's type would rule out what only the wire can bring.
const unknown: number = 9;

const range = (request: etcdserverpb.RangeRequest.$Properties): Ask => {
  return (calls) => calls.anywhere(kvMethods.range, request, 'once');
};
/** A read in bytes of one's own. */
const rawRange = (bytes: Buffer): Ask => {
  return (calls) => calls.anywhere({ ...kvMethods.range, requestSerialize: () => bytes }, {}, 'once');
};
const put = (request: etcdserverpb.PutRequest.$Properties): Ask => {
  return (calls) => calls.anywhere(kvMethods.put, request, 'once');
};
const remove = (request: etcdserverpb.DeleteRangeRequest.$Properties): Ask => {
  return (calls) => calls.anywhere(kvMethods.deleteRange, request, 'once');
};
const txn = (request: etcdserverpb.TxnRequest.$Properties): Ask => {
  return (calls) => calls.anywhere(kvMethods.txn, request, 'once');
};
const branch = (...success: etcdserverpb.RequestOp.$Properties[]): Ask => txn({ success });
const compact = (revision: number): Ask => {
  return (calls) => calls.anywhere(kvMethods.compact, { revision }, 'once');
};
const deletion = (from: string, to: string) => ({ requestDeleteRange: { key: bytes(from), rangeEnd: bytes(to) } });
const puts = (count: number) => Array.from({ length: count }, (_, n) => ({ requestPut: { key: bytes(`p${n}`) } }));

export const keySituations: readonly Situation[] = [
  ['a read of no key', range({})],
  ['a read in an unknown order', range({ key, sortOrder: unknown })],
  ['a read by an unknown target', range({ key, sortTarget: unknown })],
  ['a read of no key in an unknown order', range({ sortOrder: unknown })],
  ['a read that ends before its key', rawRange(Buffer.of(0x0a))],
  ['a read that ends inside its key', rawRange(Buffer.of(0x0a, 5, 0x6b))],
  ['a read of the future', range({ key, revision: 1000 })],
  ['a put of no key', put({})],
  ['a put that keeps a value and gives one', put({ key, value: key, ignoreValue: true })],
  ['a put that keeps the value of no key', put({ key, ignoreValue: true })],
  ['a put that keeps a lease and gives one', put({ key, ignoreLease: true, lease: 5 })],
  ['a put that keeps the lease of no key', put({ key, ignoreLease: true })],
  ['a put with an unknown lease', put({ key, lease: 5 })],
  ['a put that is a little too large', put({ key, value: Buffer.alloc(1.55 * 1024 * 1024) })],
  ['a deletion of no key', remove({})],
  ['a compare of no key', txn({ compare: [{}] })],
  ['an operation that says nothing', branch({})],
  ['a put of no key in a transaction', branch({ requestPut: {} })],
  ['an unknown order in a transaction', branch({ requestRange: { key, sortOrder: unknown } })],
  ['too many operations', branch(...puts(129))],
  ['too many nested operations', branch(...puts(100), { requestTxn: { failure: puts(29) } })],
  ['a key put twice', branch({ requestPut: { key } }, { requestPut: { key } })],
  ['a key put and deleted', branch({ requestPut: { key } }, deletion('a', 'z'))],
  [
    'a key put twice by nesting',
    branch({ requestPut: { key } }, { requestTxn: { failure: [{ requestPut: { key } }] } }),
  ],
  [
    'a read of the future in a transaction that writes',
    branch({ requestPut: { key } }, { requestRange: { key, revision: 1000 } }),
  ],
  ['a read of the future in a transaction that reads', branch({ requestRange: { key, revision: 1000 } })],
  ['a kept value in a transaction', branch({ requestPut: { key: bytes('absent'), ignoreValue: true } })],
  ['an unknown lease in a transaction', branch({ requestPut: { key, lease: 5 } })],
  ['a compaction of the future', compact(1000)],
  ['a put', put({ key })],
  ['the same put', put({ key })],
  ['a compaction', compact(3)],
  ['the same compaction', compact(3)],
  ['a read before the compaction', range({ key, revision: 2 })],
  ['a read at the compaction', range({ key, revision: 3 })],
];

type Auth = typeof authMethods;
type AuthRequest<Name extends keyof Auth> = Parameters<Auth[Name]['requestSerialize']>[0];

/** Of any method of Auth. */
function auth<Name extends keyof Auth>(name: Name, request: AuthRequest<Name>): Ask {
  const { path, requestStream, responseStream } = authMethods[name];
  const requestSerialize = authMethods[name].requestSerialize as (request: AuthRequest<Name>) => Buffer;
  const method = { ...authMethods[name], path, requestStream, responseStream, requestSerialize };
  return (calls) => calls.anywhere(method as never, request as never, 'once');
}

const perm = { permType: 2, key };

export const authSituations: readonly Situation[] = [
  ['a user without a name', auth('userAdd', { password: 'x' })],
  ['a user', auth('userAdd', { name: 'u', password: 'x' })],
  ['a user that exists', auth('userAdd', { name: 'u', password: 'x' })],
  ['an unknown user', auth('userGet', { name: 'nobody' })],
  ['deleting an unknown user', auth('userDelete', { name: 'nobody' })],
  ['a password for an unknown user', auth('userChangePassword', { name: 'nobody', password: 'x' })],
  ['a role without a name', auth('roleAdd', {})],
  ['a role', auth('roleAdd', { name: 'r' })],
  ['a role that exists', auth('roleAdd', { name: 'r' })],
  ['an unknown role', auth('roleGet', { role: 'nothing' })],
  ['deleting an unknown role', auth('roleDelete', { role: 'nothing' })],
  ['a permission for an unknown role', auth('roleGrantPermission', { name: 'nothing', perm })],
  ['taking a permission that was not given', auth('roleRevokePermission', { role: 'r', key })],
  ['taking a permission from an unknown role', auth('roleRevokePermission', { role: 'nothing', key })],
  ['an unknown role for a user', auth('userGrantRole', { user: 'u', role: 'nothing' })],
  ['a role for an unknown user', auth('userGrantRole', { user: 'nobody', role: 'r' })],
  ['taking a role that was not given', auth('userRevokeRole', { name: 'u', role: 'r' })],
  ['signing in without auth', auth('authenticate', { name: 'u', password: 'x' })],
  ['auth without a root user', auth('authEnable', {})],
  ['a root user', auth('userAdd', { name: 'root', password: 'x' })],
  ['auth without a root role', auth('authEnable', {})],
  ['role root', auth('roleAdd', { name: 'root' })],
  ['role root for root', auth('userGrantRole', { user: 'root', role: 'root' })],
  ['auth', auth('authEnable', {})],
  ['a wrong password', auth('authenticate', { name: 'root', password: 'y' })],
  ['an unknown user signing in', auth('authenticate', { name: 'nobody', password: 'y' })],
  ['a read by nobody', range({ key })],
  ['a serializable read by nobody', range({ key, serializable: true })],
  ['a put by nobody', put({ key })],
  ['a transaction by nobody', branch({ requestRange: { key } })],
  ['a compaction by nobody', compact(2)],
  ['the users, by nobody', auth('userList', {})],
  ['a role, by nobody', auth('roleGet', { role: 'r' })],
  ['a new user, by nobody', auth('userAdd', { name: 'v', password: 'x' })],
  ['switching auth off, by nobody', auth('authDisable', {})],
  ['a made-up token', as('abcdefghijklmnop.1', range({ key }))],
  ['a put with a made-up token', as('abcdefghijklmnop.1', put({ key }))],
  ['no token at all', as('nonsense', range({ key }))],
  ['a read by a user without roles', signedIn('u', range({ key }))],
  ['a put by a user without roles', signedIn('u', put({ key }))],
  [
    'a nested put by a user without roles',
    signedIn('u', txn({ compare: [], failure: [{ requestTxn: { failure: [{ requestPut: { key } }] } }] })),
  ],
  ['a compaction by a user without roles', signedIn('u', compact(2))],
  ['the users, by a user without roles', signedIn('u', auth('userList', {}))],
  ['oneself, by a user without roles', signedIn('u', auth('userGet', { name: 'u' }))],
  ['root, by a user without roles', signedIn('u', auth('userGet', { name: 'root' }))],
  ['a role one lacks', signedIn('u', auth('roleGet', { role: 'r' }))],
  ['a new user, by a user without roles', signedIn('u', auth('userAdd', { name: 'v', password: 'x' }))],
  ['deleting root', signedIn('root', auth('userDelete', { name: 'root' }))],
  ['deleting role root', signedIn('root', auth('roleDelete', { role: 'root' }))],
  ['taking role root from root', signedIn('root', auth('userRevokeRole', { name: 'root', role: 'root' }))],
  ['the members, by root', signedIn('root', (calls) => calls.anywhere(clusterMethods.memberList, {}, 'once'))],
  ['the status, by root', signedIn('root', (calls) => calls.anywhere(maintenanceMethods.status, {}, 'once'))],
  [
    'a method that is not there',
    (calls) => calls.anywhere({ ...kvMethods.put, path: '/etcdserverpb.KV/Nothing' }, {}, 'once'),
  ],
];

/** With this token, and back to none. */
function as(token: string, ask: Ask): Ask {
  return async (calls) => {
    calls.token = token;
    try {
      return await ask(calls);
    } finally {
      calls.token = undefined;
    }
  };
}

function signedIn(name: string, ask: Ask): Ask {
  return async (calls) => {
    const { token } = await calls.anywhere(authMethods.authenticate, { name, password: 'x' }, 'once');
    return as(token, ask)(calls);
  };
}

/** "INVALID_ARGUMENT etcdserver: key is not provided", or "OK". */
export async function answered(calls: ClusterCalls, ask: Ask): Promise<string> {
  try {
    await ask(calls);
    return 'OK';
  } catch (error) {
    const cause = error instanceof ClusterError ? (error.cause as ServiceError | undefined) : undefined;
    if (cause?.code === undefined) throw error;
    return `${cause.code} ${cause.details}`;
  }
}

export const callsTo = (endpoint: string): ClusterCalls => new ClusterCalls([endpoint], undefined, undefined);
