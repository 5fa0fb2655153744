import { startEtcd } from '../../../etcd.js';
import { judge } from '../../../judges.js';
import { post, startFront } from './front.js';

// The same requests to ours and to a real etcd's gateway, in order: later ones build on what earlier ones left behind.

const b = (text: string): string => Buffer.from(text).toString('base64');

const same: readonly (readonly [path: string, body: unknown])[] = [
  ['kv/put', { key: b('a'), value: b('1') }],
  ['kv/put', { key: b('a'), value: b('2'), prev_kv: true }],
  ['kv/put', { key: b('a'), prevKv: true, ignoreValue: true }],
  ['kv/put', { key: '+/8=', value: '' }],
  ['kv/put', {}],
  ['kv/range', { key: b('a'), rangeEnd: b('b'), sort_order: 'DESCEND', limit: '5' }],
  ['kv/range', { key: b('a'), sort_order: 1, sort_target: 'MOD', limit: 5, bogus: { x: [1] } }],
  ['kv/range', { key: b('a'), count_only: true }],
  ['kv/range', { key: b('a'), keys_only: true, revision: '2' }],
  ['kv/range', { key: b('a'), revision: 1000 }],
  ['kv/range', ''],
  ['kv/range', '   '],
  ['kv/range', { key: null }],
  ['kv/range', `{"key":"${b('a')}"} and what comes after`],
  ['kv/range', `{"key":"${b('a')}"}{"key":"${b('b')}"}`],
  ['kv/range', { key: '' }],
  ['maintenance/defragment', {}],
  [
    'kv/txn',
    {
      compare: [{ target: 'VERSION', result: 'EQUAL', key: b('a'), version: '3' }],
      success: [{ request_put: { key: b('a'), value: b('4') } }, { request_range: { key: b('a') } }],
      failure: [{ requestRange: { key: b('a') } }],
    },
  ],
  ['kv/txn', { compare: [{ target: 'VALUE', key: b('a'), value: b('x') }], success: [{ request_txn: {} }] }],
  ['kv/txn', { success: [{ request_txn: { success: [{ request_put: { key: b('n') } }] } }] }],
  ['kv/txn', { success: [{}] }],
  ['kv/txn', {}],
  ['kv/deleterange', { key: b('n'), prev_kv: true }],
  ['kv/deleterange', { key: b('n') }],
  ['kv/compaction', { revision: '100' }],
  ['kv/compaction', { revision: 3 }],
  ['kv/range', { key: b('a'), revision: 2 }],
  ['maintenance/alarm', {}],
  ['maintenance/alarm', { action: 'GET', alarm: 'NOSPACE' }],
  ['maintenance/alarm', { action: 'ACTIVATE', memberID: '5', alarm: 'NOSPACE' }],
  ['maintenance/alarm', {}],
  ['maintenance/alarm', { action: 'DEACTIVATE', memberID: '5', alarm: 1 }],
  ['auth/enable', {}],
  ['auth/user/add', { name: 'root', password: 'x' }],
  ['auth/user/add', { name: 'root', password: 'x' }],
  ['auth/user/add', { name: 'n', options: { no_password: true } }],
  ['auth/user/get', { name: 'nobody' }],
  ['auth/role/add', { name: 'root' }],
  ['auth/role/add', { role: 'root' }],
  ['auth/role/add', { name: 'r' }],
  ['auth/role/grant', { name: 'r', perm: { permType: 'READWRITE', key: b('a'), range_end: b('b') } }],
  ['auth/role/grant', { name: 'r', perm: { permType: 1, key: b('c') } }],
  ['auth/role/get', { role: 'r' }],
  ['auth/role/revoke', { role: 'r', key: b('c') }],
  ['auth/user/grant', { user: 'root', role: 'root' }],
  ['auth/user/get', { name: 'root' }],
  ['auth/user/list', ''],
  ['auth/role/list', ''],
  ['lease/grant', { ID: '77', TTL: '100' }],
  ['lease/grant', { ID: 77, TTL: 100 }],
  ['lease/leases', {}],
  ['kv/lease/leases', {}],
  ['lease/revoke', { ID: 99 }],
  ['lease/revoke', { ID: 77 }],
  ['kv/lease/revoke', { ID: 77 }],
  ['maintenance/transfer-leadership', { targetID: '5' }],
  ['auth/authenticate', { name: 'root', password: 'x' }],
  ['auth/enable', {}],
  ['kv/range', { key: b('a') }],
  ['kv/put', { key: b('a') }],
  ['auth/user/list', {}],
  ['auth/authenticate', { name: 'root', password: 'wrong' }],
];

/** etcd fills the header of these since 3.5. */
const headless = /^maintenance\/alarm$/;

/** What no two stores have in common, and statuses that etcd's gateway changed with its version 2 (etcd 3.5). */
const comparable = (answer: unknown, path: string): unknown =>
  JSON.parse(
    JSON.stringify(answer, (name, value) => (name === 'header' && headless.test(path) ? undefined : value))
      .replace(/"(cluster_id|member_id|raft_term|memberID)":"\d+"/g, '"$1":"…"')
      .replace('"status":412', '"status":400'),
  );

judge('etcd').test('requests in JSON are answered as by a real etcd', async (t) => {
  const [ours, theirs] = [await startFront(t), await startEtcd(t)];
  const differing: Record<string, unknown> = {};
  for (const [path, body] of same) {
    const [mine, real] = await Promise.all([ours.url, theirs.endpoint].map((url) => post(`${url}/v3/${path}`, body)));
    const [got, expected] = [comparable(mine, path), comparable(real, path)];
    if (JSON.stringify(got) !== JSON.stringify(expected)) {
      differing[`${path} ${JSON.stringify(body)}`] = { got, expected };
    }
  }
  t.deepEqual(differing, {});
});

/** What is wrong with these is said in other words. */
const wrong: readonly (readonly [path: string, body: unknown])[] = [
  ['kv/range', { key: '!!' }],
  ['kv/range', { key: 5 }],
  ['kv/range', { key: b('a'), limit: 'x' }],
  ['kv/range', { key: b('a'), limit: 1.5 }],
  ['kv/range', { key: b('a'), serializable: 'yes' }],
  ['kv/range', { key: b('a'), sort_order: 'NOPE' }],
  ['kv/range', '{"key":"YQ=='],
  ['kv/range', '[]'],
  ['kv/range', 'x'],
  ['maintenance/snapshot', '[]'],
  ['maintenance/snapshot', '{"key"'],
  ['election/observe', 'x'],
  ['kv/txn', { success: {} }],
  ['kv/txn', { success: [5] }],
];

judge('etcd').test('what is no request is refused with the status and the fields of a real etcd', async (t) => {
  const [ours, theirs] = [await startFront(t), await startEtcd(t)];
  const shape = ({ status, type, body }: Awaited<ReturnType<typeof post>>) => ({
    ...{ status, type, fields: Object.keys(body as object) },
    code: (body as { code: number }).code,
  });
  for (const [path, body] of wrong) {
    const [mine, real] = await Promise.all([ours.url, theirs.endpoint].map((url) => post(`${url}/v3/${path}`, body)));
    t.deepEqual(mine && shape(mine), real && shape(real), `${path} ${JSON.stringify(body)}`);
  }
});
