import test from 'ava';
import { bucketsOf } from '../../../cluster/maintenance/buckets.js';
import { Members } from '../../../cluster/members/members.js';
import { index, memberId, term } from '../../../cluster/numbers.js';
import { memoryTables } from '../auth/memory-tables.js';

test('members stand in a snapshot as etcd keeps them, with those that were removed', async (t) => {
  const table = memoryTables();
  const members = new Members(table);
  const urls = (port: number) => [`https://m:${port}`];
  members.initialise([
    { id: memberId(0xfedcba9876543210n), name: 'm1', peerUrls: urls(1), clientUrls: urls(2), isLearner: false },
    { id: memberId(2n), name: 'm2', peerUrls: urls(3), clientUrls: [], isLearner: false },
  ]);
  members.change(
    { kind: 'member-add', id: memberId(7n), peerUrls: urls(4), isLearner: true, learnersMax: 1, strict: false },
    index(5),
  );
  members.change({ kind: 'member-remove', id: memberId(2n), strict: false }, index(6));
  const rows: Record<string, string[]> = {};
  for (const { name, lots } of bucketsOf({ index: index(6), table, close: () => {} }, term(3))) {
    for await (const lot of lots) {
      rows[name] = [
        ...(rows[name] ?? []),
        ...lot.map((row) => row.map((part) => Buffer.from(part).toString()).join(' ')),
      ];
    }
  }
  t.deepEqual(rows.members, [
    '7 {"id":7,"peerURLs":["https://m:4"],"isLearner":true}',
    'fedcba9876543210 {"id":18364758544493064720,"peerURLs":["https://m:1"],"name":"m1","clientURLs":["https://m:2"]}',
  ]);
  t.deepEqual(rows.members_removed, ['2 removed']);
});
