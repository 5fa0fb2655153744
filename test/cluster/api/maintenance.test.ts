import test, { type ExecutionContext } from 'ava';
import { idText, memberId, noMember } from '../../../cluster/numbers.js';
import { kvMethods, maintenanceMethods } from '../../../cluster/wire/services.js';
import { addPasswordless, addRole, enable, grant } from '../auth/operations.js';
import { startMember, type TestMember } from './member.js';
import { answered, callsTo } from './situations.js';

// conformance: Maintenance.Downgrade{*} Maintenance.MoveLeader{*} Maintenance.Alarm{*}

const self = memberId(0xfedcba9876543210n);
const no: number = 0;

async function fixture(t: ExecutionContext) {
  const member = await startMember(t);
  const calls = callsTo(member.endpoint);
  t.teardown(() => calls.close());
  const put = (bytes: number) =>
    answered(calls, () => calls.anywhere(kvMethods.put, { key: Buffer.from('k'), value: Buffer.alloc(bytes) }, 'once'));
  const alarm = (action: number, type = no, id = 0n) =>
    calls.anywhere(maintenanceMethods.alarm, { action, alarm: type, memberID: idOf(id) }, 'once');
  const downgrade = (action: number, version = '') =>
    answered(calls, () => calls.anywhere(maintenanceMethods.downgrade, { action, version }, 'once'));
  const moveLeader = (id: bigint) =>
    answered(calls, () => calls.anywhere(maintenanceMethods.moveLeader, { targetID: idOf(id) }, 'once'));
  const status = () => calls.anywhere(maintenanceMethods.status, {}, 'once');
  return { member, calls, put, alarm, downgrade, moveLeader, status };
}

const idOf = (id: bigint) => BigInt.asUintN(64, id).toString() as never;

function fill({ state }: TestMember, size: number, quota: number): void {
  state.storage = { size: () => size, sizeInUse: () => size, defragment: async () => {}, quota, openReads: () => 0 };
}

const full = '8 etcdserver: mvcc: database space exceeded';

test('a put that the quota has no room for raises NOSPACE, and all growth is refused until it is disarmed', async (t) => {
  const { member, put, alarm, status, calls } = await fixture(t);
  fill(member, 10_000, 20_000);
  t.is(await put(9000), 'OK');
  t.is(await put(9800), full);
  t.is(await put(1), full, 'the alarm holds for what there would be room for');
  const { alarms } = await alarm(0);
  t.deepEqual(
    alarms.map(({ memberID, alarm: type }) => [String(memberID), type]),
    [[self.toString(), 1]],
  );
  t.deepEqual((await status()).errors, [`memberID:${self} alarm:NOSPACE `]);
  t.is(await answered(calls, () => calls.anywhere(kvMethods.deleteRange, { key: Buffer.from('k') }, 'once')), 'OK');
  t.is((await alarm(2, 1, self)).alarms.length, 1);
  t.is((await alarm(0)).alarms.length, 0);
  t.is(await put(1), 'OK');
});

test('who may not write raises no alarm', async (t) => {
  const { member, put } = await fixture(t);
  for (const action of [addPasswordless('root'), addRole('root'), grant('root', 'root'), enable])
    await member.log.propose(action, undefined);
  fill(member, 20_000, 20_000);
  t.is(await put(1), '3 etcdserver: user name is empty');
  t.deepEqual(member.state.alarms.list(), []);
});

test('an alarm of no kind changes nothing, and one that is not there can be disarmed', async (t) => {
  const { alarm } = await fixture(t);
  t.deepEqual((await alarm(1, 0)).alarms, []);
  t.deepEqual((await alarm(2, 1, self)).alarms, []);
  t.is((await alarm(1, 2, 5n)).alarms.length, 1);
  t.deepEqual((await alarm(0, 1)).alarms, []);
  t.is((await alarm(0, 2)).alarms.length, 1);
});

test('with CORRUPT raised no key is read, not even serializably', async (t) => {
  const { calls, put, alarm } = await fixture(t);
  await put(1);
  await alarm(1, 2, self);
  const corrupt = '15 etcdserver: corrupt cluster';
  const key = Buffer.from('k');
  const read = (serializable: boolean) =>
    answered(calls, () => calls.anywhere(kvMethods.range, { key, serializable }, 'once'));
  t.deepEqual([await read(false), await read(true), await put(1)], [corrupt, corrupt, corrupt]);
  const readingTxn = { success: [{ requestRange: { key } }] };
  t.is(await answered(calls, () => calls.anywhere(kvMethods.txn, readingTxn, 'once')), corrupt);
});

test('the status tells quota, downgrade and what is wrong', async (t) => {
  const { member, status, downgrade, alarm } = await fixture(t);
  fill(member, 8192, 4_000_000);
  await downgrade(1, '3.5.0');
  await alarm(1, 2, 1n);
  member.log.leader = noMember;
  const { dbSize, dbSizeQuota, downgradeInfo, storageVersion, errors, isLearner } = await status();
  t.deepEqual([Number(dbSize), Number(dbSizeQuota), storageVersion, isLearner], [8192, 4_000_000, '3.6.0', false]);
  t.deepEqual({ ...downgradeInfo }, { enabled: true, targetVersion: '3.5.0' });
  t.deepEqual(errors, ['etcdserver: no leader', 'memberID:1 alarm:CORRUPT ']);
});

test('a downgrade goes to the minor version before, one at a time', async (t) => {
  const { downgrade } = await fixture(t);
  const [validate, enableIt, cancel] = [0, 1, 2];
  for (const good of ['3.5', '3.5.0', '3.5.21', 'v3.5.0']) t.is(await downgrade(validate, good), 'OK', good);
  for (const bad of ['', '3', 'x', '3.5.0.0', '3.x']) {
    t.is(await downgrade(validate, bad), '3 etcdserver: wrong downgrade target version format', bad);
  }
  for (const other of ['3.4', '3.6.0', '4.5', '2.5']) {
    t.is(await downgrade(validate, other), '3 etcdserver: invalid downgrade target version', other);
  }
  t.is(await downgrade(enableIt, '3.5.0'), 'OK');
  t.is(await downgrade(enableIt, '3.5.0'), '9 etcdserver: cluster has a downgrade job in progress');
  t.is(await downgrade(validate, '3.5.0'), '9 etcdserver: cluster has a downgrade job in progress');
  t.is(await downgrade(cancel), 'OK');
  t.is(await downgrade(enableIt, '3.5.0'), 'OK');
});

test('the leader hands over to voting members only, and nobody else does', async (t) => {
  const { member, moveLeader } = await fixture(t);
  const bad = '9 etcdserver: bad leader transferee';
  t.is(await moveLeader(5n), bad);
  member.state.members.apply({ kind: 'member-attributes', id: self, name: 'm1', clientUrls: [] });
  t.is(await moveLeader(self), 'OK', idText(self));
  member.log.leader = memberId(5n);
  t.is(await moveLeader(self), '9 etcdserver: not leader');
});
