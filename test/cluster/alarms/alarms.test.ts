import test from 'ava';
import { costOf } from '../../../cluster/alarms/cost.js';
import { memberId, revision } from '../../../cluster/numbers.js';
import type { Action } from '../../../cluster/operations/action.js';
import type { AlarmKind } from '../../../cluster/operations/maintenance.js';
import { inside, put, range, remove, txn } from '../apply/kv-words.js';
import { openReplica } from '../apply/replica.js';
import * as op from '../auth/operations.js';

type Change = 'raise' | 'activate' | 'disarm';
const change = (kind: Change, alarm: AlarmKind, member = 1n): Action => ({
  kind: 'alarm',
  change: kind,
  member: memberId(member),
  alarm,
});
const compact: Action = { kind: 'compact', revision: revision(1) };
const shrinking: readonly Action[] = [remove('a'), txn({ success: [range('a'), remove('a')] }), compact];
const growing: readonly Action[] = [put('b'), txn({ success: [put('b')] }), txn({ failure: [put('b')] })];

test('while NOSPACE is raised nothing is added, and everything that makes room is done', async (t) => {
  const { run } = await openReplica(t);
  t.is(run(put('a')), 'put');
  t.is(run(change('raise', 'no-space')), 'alarms');
  for (const action of growing) t.is(run(action), 'no-space');
  t.deepEqual(
    shrinking.map((action) => run(action)),
    ['delete-range', 'txn', 'done'],
  );
  t.is(run(op.addUser('ann')), 'done', 'users are no data');
  run(change('disarm', 'no-space'));
  for (const action of growing) t.not(run(action), 'no-space');
});

test('a put that is nested in a branch not taken counts too', async (t) => {
  const { run } = await openReplica(t);
  run(change('raise', 'no-space'));
  for (const depth of [0, 1, 3]) t.is(run(inside(depth, put('b'))), 'no-space', `${depth}`);
});

test('while CORRUPT is raised neither reads nor writes are served, by any member', async (t) => {
  const { run, alarms } = await openReplica(t);
  run(put('a'));
  run(change('raise', 'corrupt', 2n));
  for (const action of [...growing, ...shrinking]) t.is(run(action), 'corrupt');
  t.throws(() => alarms.checkRead(), { code: 'corrupt' });
  t.is(run(op.addUser('ann')), 'done');
  run(change('disarm', 'corrupt', 2n));
  t.notThrows(() => alarms.checkRead());
  t.is(run(put('b')), 'put');
});

test('alarms last over a restart, and each is one of its member', async (t) => {
  const replica = await openReplica(t);
  for (const action of [
    change('raise', 'corrupt', 0xffffffffffffffffn),
    change('activate', 'no-space', 2n),
    change('raise', 'no-space', 1n),
    change('raise', 'no-space', 1n),
  ])
    t.is(replica.run(action), 'alarms');
  const { alarms, run } = await replica.restart();
  t.deepEqual(alarms.list(), [
    { member: memberId(1n), alarm: 'no-space' },
    { member: memberId(2n), alarm: 'no-space' },
    { member: memberId(0xffffffffffffffffn), alarm: 'corrupt' },
  ]);
  run(change('disarm', 'no-space', 1n));
  run(change('disarm', 'no-space', 9n));
  t.deepEqual(alarms.list('no-space'), [{ member: memberId(2n), alarm: 'no-space' }]);
});

test('only root raises and disarms alarms, and members their own', async (t) => {
  const { run, as } = await openReplica(t);
  for (const operation of [op.addUser('ann'), ...op.withRoot]) run(operation);
  t.is(run(change('activate', 'no-space')), 'user-empty');
  t.is(run(change('disarm', 'no-space'), as('ann')), 'permission-denied');
  t.is(run(change('activate', 'no-space'), as('root')), 'alarms');
  t.is(run(change('raise', 'no-space')), 'alarms');
  t.is(run({ kind: 'downgrade', target: '3.5.0' }, as('ann')), 'permission-denied');
  t.is(run({ kind: 'downgrade', target: '3.5.0' }, as('root')), 'done');
});

test('what is to be gone back to lasts over a restart', async (t) => {
  const replica = await openReplica(t);
  replica.run({ kind: 'downgrade', target: '3.5.0' });
  const { downgrade, run } = await replica.restart();
  t.is(downgrade.target, '3.5.0');
  run({ kind: 'downgrade', target: undefined });
  t.is(downgrade.target, undefined);
});

test('an action costs its puts with their records, of the costlier branch', (t) => {
  const one = 256 + 'k'.length + 'v'.length;
  t.is(costOf(put('k')), one);
  t.is(costOf(txn({ success: [put('k'), range('k')], failure: [put('a'), put('b')] })), 2 * one);
  t.is(costOf(txn({ success: [txn({ failure: [put('k')] }), put('a')] })), 2 * one);
  t.is(costOf(txn({ success: [range('k'), remove('k')] })), 0);
  t.is(costOf(remove('k')), 0);
});
