import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { memberId } from '../../../../cluster/numbers.js';
import { startEtcd } from '../../../etcd.js';
import { judge } from '../../../judges.js';
import { type Family, readExposition } from './exposition.js';
import { post, startFront } from './front.js';

async function scrape(url: string): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
  return readExposition(await response.text());
}

/** The page as it comes over the wire. */
function fetched(url: string, acceptEncoding: string, method = 'GET') {
  const headers = { 'accept-encoding': acceptEncoding };
  return new Promise<{ status: number | undefined; encoding: string | undefined; body: Buffer }>((resolve, reject) => {
    const request = httpRequest(`${url}/metrics`, { method, headers, agent: false }, async (response) => {
      const body = await buffer(response);
      resolve({ status: response.statusCode, encoding: response.headers['content-encoding'], body });
    });
    request.on('error', reject).end();
  });
}

const codings: readonly (readonly [asked: string, answered: 'gzip' | undefined])[] = [
  ['gzip', 'gzip'],
  ['deflate, GZIP ; q=0.5', 'gzip'],
  ['gzip;q=1.0, identity', 'gzip'],
  ['gzip;q=0', undefined],
  ['gzip;q=0.000', undefined],
  ['identity', undefined],
  ['zstd, x-gzip2', undefined],
];

test('the page is compressed for who takes it so, as Prometheus does', async (t) => {
  const { url } = await startFront(t);
  for (const [asked, answered] of codings) {
    const { status, encoding, body } = await fetched(url, asked);
    t.deepEqual([status, encoding], [200, answered], asked);
    t.regex(String(answered === 'gzip' ? gunzipSync(body) : body), /^etcd_server_has_leader 1$/m, asked);
  }
});

judge('etcd').test('any method gets the page, and compressed, as of a real etcd', async (t) => {
  const [ours, theirs] = [await startFront(t), await startEtcd(t)];
  for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
    const look = async (url: string) => {
      const { status, encoding, body } = await fetched(url, 'gzip', method);
      return { status, encoding: method === 'HEAD' ? 'unsaid' : encoding, isEmpty: body.length === 0 };
    };
    t.deepEqual(await look(ours.url), await look(theirs.endpoint), method);
  }
});

const key = Buffer.from('k').toString('base64');

/** What etcd's own alert rules and its Grafana dashboard read (contrib/mixin), and the types that they take for granted. */
const readByMixin: Readonly<Record<string, string>> = {
  etcd_disk_backend_commit_duration_seconds: 'histogram',
  etcd_disk_wal_fsync_duration_seconds: 'histogram',
  etcd_mvcc_db_total_size_in_bytes: 'gauge',
  etcd_mvcc_db_total_size_in_use_in_bytes: 'gauge',
  etcd_network_client_grpc_received_bytes_total: 'counter',
  etcd_network_client_grpc_sent_bytes_total: 'counter',
  etcd_network_peer_received_bytes_total: 'counter',
  etcd_network_peer_round_trip_time_seconds: 'histogram',
  etcd_network_peer_sent_bytes_total: 'counter',
  etcd_network_peer_sent_failures_total: 'counter',
  etcd_server_has_leader: 'gauge',
  etcd_server_leader_changes_seen_total: 'counter',
  etcd_server_proposals_applied_total: 'gauge',
  etcd_server_proposals_committed_total: 'gauge',
  etcd_server_proposals_failed_total: 'counter',
  etcd_server_proposals_pending: 'gauge',
  etcd_server_quota_backend_bytes: 'gauge',
  grpc_server_handled_total: 'counter',
  grpc_server_handling_seconds: 'histogram',
  grpc_server_started_total: 'counter',
  process_resident_memory_bytes: 'gauge',
};

test('everything that etcd’s alert rules and dashboard read is there, in a text that can be read strictly', async (t) => {
  const { url } = await startFront(t, { extensive: true });
  const families = await scrape(url);
  const types = Object.fromEntries(Object.keys(readByMixin).map((name) => [name, families.get(name)?.type]));
  t.deepEqual(types, readByMixin);
});

test('calls are counted by method and outcome, whichever way they came', async (t) => {
  const { url, client } = await startFront(t);
  await post(`${url}/v3/kv/put`, { key });
  await post(`${url}/v3/kv/put`, {});
  await client({ endpoints: [url] }).put('x', 'yy');
  const families = await scrape(url);
  const puts = (name: string, label: string) =>
    families
      .get(name)
      ?.samples.filter(({ labels }) => labels.grpc_method === 'Put')
      .map(({ labels, value }) => [labels[label], value]);
  t.deepEqual(puts('grpc_server_started_total', 'grpc_service'), [['etcdserverpb.KV', 3]]);
  t.deepEqual(puts('grpc_server_handled_total', 'grpc_code'), [
    ['OK', 2],
    ['InvalidArgument', 1],
  ]);
  t.deepEqual(puts('grpc_server_msg_sent_total', 'grpc_type'), [['unary', 2]]);
  const plain = (name: string) => families.get(name)?.samples[0]?.value;
  t.is(plain('etcd_mvcc_put_total'), 2);
  t.is(plain('etcd_debugging_mvcc_keys_total'), 2);
  t.is(plain('etcd_debugging_mvcc_total_put_size_in_bytes'), 4);
  t.is(plain('etcd_server_is_leader'), 1);
  t.true((plain('etcd_network_client_grpc_received_bytes_total') ?? 0) > 0);
});

test('histograms of calls are there only where they were asked for', async (t) => {
  const [basic, extensive] = [await startFront(t), await startFront(t, { extensive: true })];
  for (const { url } of [basic, extensive]) await post(`${url}/v3/kv/put`, { key });
  t.false((await scrape(basic.url)).has('grpc_server_handling_seconds'));
  const samples = (await scrape(extensive.url)).get('grpc_server_handling_seconds')?.samples ?? [];
  const count = samples.find(({ name, labels }) => labels.grpc_method === 'Put' && name.endsWith('_count'));
  t.is(count?.value, 1);
});

test('what goes to other members is told by their ids', async (t) => {
  const { url, state } = await startFront(t);
  const peer = state.measures.peer(memberId(0xabcn));
  peer.sentBytes = 5;
  peer.roundTripSeconds.observe(0.0003);
  const families = await scrape(url);
  t.deepEqual(families.get('etcd_network_peer_sent_bytes_total')?.samples, [
    { name: 'etcd_network_peer_sent_bytes_total', labels: { To: 'abc' }, value: 5 },
  ]);
  const within = families.get('etcd_network_peer_round_trip_time_seconds')?.samples.filter(({ value }) => value === 1);
  t.is(within?.[0]?.labels.le, '0.0004');
});

/** What only etcd has: Go's own figures, its proxy's, its second store's, and those of bbolt and of its snapshot files. */
const foreign =
  /^(go_|promhttp_|etcd_grpc_proxy_|etcd_debugging_store_|etcd_debugging_snap_|etcd_snap_|etcd_debugging_disk_backend_|etcd_server_go_version)/;

/** What etcd 3.5 has not any more. */
const gone = /^etcd_debugging_mvcc_((delete|put|range|txn)_total|db_total_size_in_bytes)$/;

/** Not counted here, or not yet. */
const missing: readonly string[] = [
  'etcd_debugging_lease_renewed_total',
  'etcd_debugging_mvcc_db_compaction_keys_total',
  'etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds',
  'etcd_debugging_mvcc_db_compaction_total_duration_milliseconds',
  'etcd_debugging_mvcc_events_total',
  'etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds',
  'etcd_debugging_mvcc_pending_events_total',
  'etcd_debugging_server_lease_expired_total',
  'etcd_mvcc_db_open_read_transactions',
  'etcd_mvcc_hash_duration_seconds',
  'etcd_mvcc_hash_rev_duration_seconds',
  'process_virtual_memory_max_bytes',
];

judge('etcd').test('a real etcd has no metric that is not here too, but for those of its own inside', async (t) => {
  const [ours, theirs] = [await startFront(t, { extensive: true }), await startEtcd(t)];
  const [mine, real] = await Promise.all([ours.url, theirs.endpoint].map(scrape));
  const lacking = [...(real?.keys() ?? [])]
    .filter((name) => !foreign.test(name) && !gone.test(name) && !mine?.has(name))
    .sort();
  t.deepEqual(lacking, missing);
  for (const [name, { type }] of mine ?? []) {
    const known = real?.get(name);
    // The client libraries of Go and Node differ in what they call the virtual memory.
    if (known !== undefined) t.is(type, known.type, name);
  }
});
