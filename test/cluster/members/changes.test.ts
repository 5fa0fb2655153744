import test from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { addedMemberId } from '../../../cluster/members/ids.js';
import { initialMembers, Members } from '../../../cluster/members/members.js';
import { index, type MemberId, memberId } from '../../../cluster/numbers.js';
import type { MemberChange } from '../../../cluster/operations/members.js';
import { memoryTables } from '../auth/memory-tables.js';

const servers = ['m1', 'm2', 'm3'].map((name) => ({ name, peerUrls: [`https://${name}:2380`] }));

function cluster(count = 3) {
  const tables = memoryTables();
  const members = new Members(tables);
  members.initialise(initialMembers(servers.slice(0, count), 'demo'));
  let at = 0;
  /** The error's code, or 'done'. */
  const change = (one: MemberChange): string => {
    at += 1;
    try {
      members.change(one, index(at));
      return 'done';
    } catch (error) {
      if (error instanceof ClusterError) return error.code;
      throw error;
    }
  };
  const [first, second, third] = members.list().map(({ id }) => id) as [MemberId, MemberId, MemberId];
  return { tables, members, change, first, second, third };
}

const id = memberId(77n);
const add = (more: Partial<Extract<MemberChange, { kind: 'member-add' }>> = {}): MemberChange => ({
  kind: 'member-add',
  id,
  peerUrls: ['https://m9:2380'],
  isLearner: false,
  learnersMax: 1,
  strict: true,
  ...more,
});
const remove = (gone: MemberId, strict = true): MemberChange => ({ kind: 'member-remove', id: gone, strict });
const promote = (one: MemberId): MemberChange => ({ kind: 'member-promote', id: one, strict: true });

test('the id of an added member follows from its URLs, in any order, and the second', (t) => {
  const at = (second: number, ...urls: string[]) => addedMemberId(urls, second);
  t.is(at(1, 'https://b:1', 'https://a:1'), at(1, 'https://a:1', 'https://b:1'));
  t.not(at(1, 'https://a:1'), at(2, 'https://a:1'));
});

test('an added member has no name and counts at once; a learner does not count', (t) => {
  const { members, change } = cluster();
  t.is(change(add()), 'done');
  t.is(change(add({ id: memberId(78n), peerUrls: ['https://m10:2380'], isLearner: true })), 'done');
  t.is(members.member(id)?.name, '');
  t.true(members.membership.voters.includes(id));
  t.deepEqual(members.membership.learners, [memberId(78n)]);
});

test('a member is not added twice, nor with a URL that another has, nor as one learner too many', (t) => {
  const { change, first } = cluster();
  t.is(change(add({ id: first })), 'member-exists');
  t.is(change(add({ peerUrls: ['https://new:1', 'https://m1:2380'] })), 'peer-url-exists');
  t.is(change(add({ isLearner: true })), 'done');
  t.is(change(add({ id: memberId(78n), peerUrls: ['https://m10:2380'], isLearner: true })), 'too-many-learners');
});

test('a removed id never returns, whatever is asked of it', (t) => {
  const { tables, members, change, third } = cluster();
  t.is(change(remove(third)), 'done');
  for (const again of [add({ id: third }), remove(third), promote(third)]) t.is(change(again), 'member-not-found');
  t.is(change({ kind: 'member-update', id: third, peerUrls: ['https://m9:1'] }), 'member-not-found');
  t.true(members.removed.has(third));
  t.true(new Members(tables).removed.has(third));
});

test('only a learner is promoted, and an update of its URLs does not promote it', (t) => {
  const { members, change, first } = cluster();
  t.is(change(promote(first)), 'not-learner');
  t.is(change(add({ isLearner: true })), 'done');
  t.is(change({ kind: 'member-update', id, peerUrls: ['https://m9:2381'] }), 'done');
  t.like(members.member(id), { isLearner: true, peerUrls: ['https://m9:2381'] });
  t.is(change(promote(id)), 'done');
  t.is(members.member(id)?.isLearner, false);
});

test('strictly, fewer started members than a majority are not left; the last voter never goes', (t) => {
  const { change, first, second, third } = cluster();
  t.is(change(add()), 'done');
  t.is(change(add({ id: memberId(78n), peerUrls: ['https://m10:2380'] })), 'done');
  t.is(change(add({ id: memberId(79n), peerUrls: ['https://m11:2380'] })), 'not-enough-started');
  t.is(change(remove(first)), 'not-enough-started');
  for (const one of [first, second, third, id]) t.is(change(remove(one, false)), 'done');
  t.is(change(remove(memberId(78n), false)), 'not-enough-started');
});

test('a single member may always get company', (t) => {
  t.is(cluster(1).change(add()), 'done');
});

test('the membership of each index is known, also from the table alone', (t) => {
  const { tables, members, change, first, second, third } = cluster();
  change(remove(third));
  change(add());
  for (const one of [members, new Members(tables)]) {
    t.deepEqual(one.membershipAt(index(0)).voters, [first, second, third]);
    t.deepEqual(one.membershipAt(index(1)).voters, [first, second]);
    t.is(one.membershipAt(index(2)).voters.length, 3);
    t.deepEqual(one.membershipAt(index(9)), one.membership);
  }
});

test('a refused change leaves everything as it was', (t) => {
  const { members, change, first } = cluster();
  const before = [members.list(), members.membership, members.version];
  change(add({ id: first }));
  t.deepEqual([members.list(), members.membership, members.version], before);
});

test('a member that joins knows whom to ask, and counts nobody', (t) => {
  const tables = memoryTables();
  const members = new Members(tables);
  members.initialiseJoining(initialMembers(servers, 'demo'));
  t.is(members.list().length, 3);
  t.deepEqual(members.membership.voters, []);
  t.deepEqual(new Members(tables).membership.voters, []);
});

test('forced to be alone, a member removes all others and counts itself', (t) => {
  const { members, change, first, second } = cluster();
  t.is(change({ kind: 'member-keep', id: first }), 'done');
  t.deepEqual(members.membership.voters, [first]);
  t.true(members.removed.has(second));
});
