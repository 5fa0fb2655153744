import * as services from '../../../cluster/wire/services.js';

// Who may call what while auth is on. Every method of every service stands here, so that none is ever served without
// somebody having decided about it (CVE-2026-33413).

/** `unnamed`: refused as "user name is empty"; `denied`: as "permission denied". */
export type Decision = 'open' | 'unnamed' | 'denied';

export interface Row {
  readonly method: AnyMethod;
  /** What of several cases of the method this is. */
  readonly what: string;
  readonly request: object;
  readonly nobody: Decision;
  /** Who may read and write `app/` and nothing else. */
  readonly user: Decision;
  readonly root: Decision;
}

export interface AnyMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly requestSerialize: (shape: never) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

const rows: Row[] = [];

/** `user`: what somebody without role `root` is told; nobody is always unnamed then, and root never refused. */
function decide(method: AnyMethod, what: string, user: 'everybody' | 'named' | 'root', request: object = {}): void {
  const nobody = user === 'everybody' ? 'open' : 'unnamed';
  rows.push({ method, what, request, nobody, user: user === 'root' ? 'denied' : 'open', root: 'open' });
}

const key = (text: string) => ({ key: Buffer.from(text) });
const own = key('app/1');
const foreign = key('secret');
/** From a readable key on: GHSA-xg4h-6gfc-h4m8. */
const fromOwn = { ...own, rangeEnd: Buffer.of(0) };
const intoForeign = { ...own, rangeEnd: Buffer.from('b') };

const {
  kvMethods: kv,
  watchMethods: watch,
  leaseMethods: lease,
  clusterMethods: cluster,
  maintenanceMethods: maintenance,
  authMethods: auth,
  lockMethods: lock,
  electionMethods: election,
  healthMethods: health,
} = services;

decide(kv.range, 'own key', 'named', own);
decide(kv.range, 'own key, serializable', 'named', { ...own, serializable: true });
decide(kv.range, "another's key", 'root', foreign);
decide(kv.range, "another's key, serializable", 'root', { ...foreign, serializable: true });
decide(kv.range, 'count of the whole store', 'root', { key: Buffer.of(0), rangeEnd: Buffer.of(0), countOnly: true });
decide(kv.range, 'from an own key on', 'root', fromOwn);
decide(kv.rangeStream, 'own key', 'named', own);
decide(kv.rangeStream, "another's key", 'root', foreign);
decide(kv.rangeStream, 'from an own key on', 'root', fromOwn);
decide(kv.put, 'own key', 'named', own);
decide(kv.put, "another's key", 'root', foreign);
decide(kv.put, 'own key, with a lease that is on own keys', 'named', { ...own, lease: 1 });
decide(kv.put, "own key, with a lease that is on another's key", 'root', { ...own, lease: 2 });
decide(kv.deleteRange, 'own key', 'named', own);
decide(kv.deleteRange, "into others' keys", 'root', intoForeign);
const succeed = (...success: object[]) => ({ success });
const nested = (...failure: object[]) => succeed({ requestTxn: { failure: [{ requestTxn: { failure } }] } });
decide(kv.txn, 'own key', 'named', succeed({ requestPut: own }, { requestRange: own }));
decide(kv.txn, "comparing another's key", 'root', { compare: [{ ...foreign }] });
decide(kv.txn, "reading another's key", 'root', succeed({ requestRange: foreign }));
decide(kv.txn, "CVE-2026-33343: another's key, nested", 'root', nested({ requestPut: foreign }));
decide(kv.txn, "CVE-2026-33343: reading another's key, nested", 'root', nested({ requestRange: foreign }));
decide(kv.txn, "CVE-2026-33343: deleting others' keys, nested", 'root', nested({ requestDeleteRange: intoForeign }));
decide(
  kv.txn,
  "CVE-2026-44283: a lease that is on another's key",
  'root',
  nested({ requestPut: { key: Buffer.from('app/2'), lease: 2 } }),
);
decide(
  kv.txn,
  'CVE-2026-44283: what was there before on a key that is only writable',
  'root',
  succeed({ requestPut: { ...key('inbox'), prevKv: true } }),
);
decide(kv.put, 'what was there before on a key that is only writable', 'root', { ...key('inbox'), prevKv: true });
decide(kv.put, 'a key that is only writable', 'named', key('inbox'));
decide(kv.compact, 'CVE-2026-33413', 'root', { revision: 1 });

const create = (range: object) => ({ createRequest: range });
decide(watch.watch, 'own key', 'named', create(own));
decide(watch.watch, "another's key", 'root', create(foreign));
decide(watch.watch, 'GHSA-xg4h-6gfc-h4m8: from an own key on', 'root', create(fromOwn));
decide(
  watch.watch,
  'from the single key that is readable on',
  'root',
  create({ ...key('flag'), rangeEnd: Buffer.of(0) }),
);
decide(watch.watch, 'the single key that is readable', 'named', create(key('flag')));

decide(lease.leaseGrant, '', 'named', { TTL: 60 });
decide(lease.leaseRevoke, 'on own keys', 'named', { ID: 1 });
decide(lease.leaseRevoke, "on another's key", 'root', { ID: 2 });
decide(lease.leaseKeepAlive, 'on own keys', 'named', { ID: 1 });
decide(lease.leaseKeepAlive, "on another's key", 'root', { ID: 2 });
decide(lease.leaseTimeToLive, 'without keys', 'named', { ID: 2 });
decide(lease.leaseTimeToLive, 'on own keys', 'named', { ID: 1, keys: true });
decide(lease.leaseTimeToLive, "on another's key", 'root', { ID: 2, keys: true });
decide(lease.leaseLeases, "of which one is on another's key", 'root');

decide(cluster.memberList, '', 'named');
decide(cluster.memberList, 'linearizable', 'named', { linearizable: true });
decide(cluster.memberAdd, '', 'root', { peerURLs: ['http://127.0.0.1:9'] });
decide(cluster.memberRemove, '', 'root', { ID: 9 });
decide(cluster.memberUpdate, '', 'root', { ID: 9, peerURLs: ['http://127.0.0.1:9'] });
decide(cluster.memberPromote, '', 'root', { ID: 9 });

decide(maintenance.status, '', 'named');
decide(maintenance.alarm, 'listed', 'named');
decide(maintenance.alarm, 'raised', 'root', { action: 1, alarm: 2 });
decide(maintenance.alarm, 'disarmed', 'root', { action: 2, alarm: 1 });
decide(maintenance.defragment, '', 'root');
decide(maintenance.hash, '', 'root');
decide(maintenance.hashKV, '', 'root');
decide(maintenance.snapshot, '', 'root');
decide(maintenance.moveLeader, '', 'root', { targetID: 9 });
decide(maintenance.downgrade, 'validated', 'root', { action: 0, version: '3.5' });
decide(maintenance.downgrade, 'enabled', 'root', { action: 1, version: '3.5' });
decide(maintenance.downgrade, 'cancelled', 'root', { action: 2 });

decide(auth.authStatus, '', 'root');
decide(auth.authenticate, '', 'everybody', { name: 'root', password: 'wrong' });
decide(auth.authEnable, '', 'root');
decide(auth.authDisable, '', 'root');
decide(auth.userAdd, '', 'root', { name: 'eve', options: { noPassword: true } });
decide(auth.userGet, 'oneself', 'named', { name: 'ann' });
decide(auth.userGet, 'another', 'root', { name: 'root' });
decide(auth.userList, '', 'root');
decide(auth.userDelete, '', 'root', { name: 'ann' });
decide(auth.userChangePassword, "not even one's own", 'root', { name: 'ann', password: 'x' });
decide(auth.userGrantRole, '', 'root', { user: 'ann', role: 'root' });
decide(auth.userRevokeRole, '', 'root', { name: 'ann', role: 'app' });
decide(auth.roleAdd, '', 'root', { name: 'r' });
decide(auth.roleGet, "one's own", 'named', { role: 'app' });
decide(auth.roleGet, 'another', 'root', { role: 'root' });
decide(auth.roleList, '', 'root');
decide(auth.roleDelete, '', 'root', { role: 'app' });
decide(auth.roleGrantPermission, '', 'root', { name: 'app', perm: { permType: 2, ...foreign } });
decide(auth.roleRevokePermission, '', 'root', { role: 'app', key: Buffer.from('inbox') });

const name = (text: string) => ({ name: Buffer.from(text) });
decide(lock.lock, 'own name', 'named', { ...name('app/lock'), lease: 1 });
decide(lock.lock, "another's name", 'root', { ...name('vault'), lease: 1 });
decide(lock.unlock, 'own key', 'named', own);
decide(lock.unlock, "another's key", 'root', foreign);
const leader = (text: string) => ({ ...name(text), key: Buffer.from(text), rev: 1, lease: 1 });
decide(election.campaign, 'own name', 'named', { ...name('app/e'), lease: 1 });
decide(election.campaign, "another's name", 'root', { ...name('vault'), lease: 1 });
decide(election.proclaim, 'own name', 'named', { leader: leader('app/e') });
decide(election.proclaim, "another's name", 'root', { leader: leader('secret') });
decide(election.leader, 'own name', 'named', name('app/e'));
decide(election.leader, "another's name", 'root', name('secret'));
decide(election.observe, "another's name", 'root', name('secret'));
decide(election.resign, 'own name', 'named', { leader: leader('app/e') });
decide(election.resign, "another's name", 'root', { leader: leader('secret') });

decide(health.check, '', 'everybody');
decide(health.list, '', 'everybody');
decide(health.watch, '', 'everybody');

export const accessTable: readonly Row[] = rows;

export const allMethods: readonly AnyMethod[] = Object.values(services).flatMap((methods) =>
  Object.values(methods as Readonly<Record<string, AnyMethod>>),
);
