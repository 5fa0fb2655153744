import test from 'ava';
import { initialClusterId, initialMemberId } from '../../../cluster/members/ids.js';
import { initialMembers, Members } from '../../../cluster/members/members.js';
import { idText, memberId } from '../../../cluster/numbers.js';
import { memoryTables } from '../auth/memory-tables.js';

const servers = [
  { name: 'm1', peerUrls: ['https://10.0.0.1:2380'] },
  { name: 'm2', peerUrls: ['https://10.0.0.2:2380', 'https://m2:2380'] },
];

function members() {
  const tables = memoryTables();
  const list = new Members(tables);
  list.initialise(initialMembers(servers, 'demo'));
  return { tables, list };
}

// From etcd's log as it started such members.
test('ids are those that etcd 3.4.23 gives the same clusters', (t) => {
  const alone = initialMemberId(['http://127.0.0.1:34580'], 'tok');
  t.is(idText(alone), 'd5bfcf560b281f09');
  t.is(idText(initialClusterId([alone])), '92f367525c9d5a29');
  const three = [
    initialMemberId(['http://127.0.0.1:34681', 'http://127.0.0.1:34680'], 'demo'),
    initialMemberId(['http://127.0.0.1:34690'], 'demo'),
    initialMemberId(['http://127.0.0.1:34691'], 'demo'),
  ];
  t.deepEqual(three.map(idText), ['425fabc2ddceef7b', 'ab779964a9edcc38', '56eb8afa7dd53e45']);
  t.is(idText(initialClusterId(three)), '9a1154ea405bc1b3');
});

test('ids do not depend on the order in which URLs and members are given', (t) => {
  t.is(initialMemberId(['https://b', 'https://a'], 'x'), initialMemberId(['https://a', 'https://b'], 'x'));
  t.not(initialMemberId(['https://a'], 'x'), initialMemberId(['https://a'], 'y'));
  const ids = [3n, 2n ** 63n, 1n].map(memberId);
  t.is(initialClusterId(ids), initialClusterId(ids.toReversed()));
});

test('members are listed by id, and read back as they were written', (t) => {
  const { list, tables } = members();
  const [first, second, ...rest] = list.list();
  t.true(first !== undefined && second !== undefined && first.id < second.id);
  t.deepEqual(rest, []);
  t.deepEqual(new Members(tables).list(), list.list());
});

test('the initial cluster counts on the first start only', (t) => {
  const { tables, list } = members();
  const restarted = new Members(tables);
  restarted.initialise(initialMembers([{ name: 'other', peerUrls: ['https://other:2380'] }], 'demo'));
  t.deepEqual(restarted.list(), list.list());
});

test('a member says its name and client URLs for itself alone', (t) => {
  const { tables, list } = members();
  const [first, second] = list.list();
  if (first === undefined || second === undefined) return t.fail();
  list.apply({ kind: 'member-attributes', id: first.id, name: 'renamed', clientUrls: ['https://10.0.0.9:2379'] });
  const expected = [{ ...first, name: 'renamed', clientUrls: ['https://10.0.0.9:2379'] }, second];
  t.deepEqual(list.list(), expected);
  t.deepEqual(new Members(tables).list(), expected);
});

test('attributes of an unknown member are refused', (t) => {
  const { list } = members();
  const attributes = { kind: 'member-attributes', id: memberId(7n), name: 'x', clientUrls: [] } as const;
  t.throws(() => list.apply(attributes), { code: 'member-not-found', message: 'no member has the id 7' });
});

test('with the table of a snapshot the list is that of the snapshot, for reading and writing', (t) => {
  const { list } = members();
  const snapshot = memoryTables();
  new Members(snapshot).initialise(initialMembers([{ name: 'm9', peerUrls: ['https://m9:2380'] }], 'demo'));
  list.reload(snapshot);
  t.deepEqual(list.list(), new Members(snapshot).list());
  for (const { id } of list.list()) list.apply({ kind: 'member-attributes', id, name: 'x', clientUrls: [] });
  t.deepEqual(list.list(), new Members(snapshot).list());
});
