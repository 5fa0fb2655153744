import { request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { memberId, noMember, revision } from '../../../../cluster/numbers.js';
import { leaseMethods, watchMethods } from '../../../../cluster/wire/services.js';
import { startEtcd } from '../../../etcd.js';
import { judge } from '../../../judges.js';
import { eventually } from '../../transport/eventually.js';
import { ask, framed, openSession } from '../raw-calls.js';
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

const numbers = (families: ReadonlyMap<string, Family>, name: string) =>
  families.get(name)?.samples.map(({ labels, value }) => [labels, value] as const);

test('requests are counted by the version that their clients say they are of, up to a hundred of them', async (t) => {
  const { url } = await startFront(t);
  for (let n = 0; n < 110; n++)
    await post(`${url}/v3/kv/range`, { key }, { 'grpc-metadata-client-api-version': `3.${n}` });
  await post(`${url}/v3/kv/range`, { key }, { 'grpc-metadata-client-api-version': '3.7' });
  await post(`${url}/v3/kv/range`, { key });
  const counted = numbers(await scrape(url), 'etcd_server_client_requests_total') ?? [];
  const of = (version: string) => counted.find(([labels]) => labels.client_api_version === version);
  t.deepEqual(of('3.7'), [{ type: 'unary', client_api_version: '3.7' }, 2]);
  t.deepEqual(of('unknown'), [{ type: 'unary', client_api_version: 'unknown' }, 11]);
  t.is(counted.length, 101);
});

test('checks are counted by name and outcome, and the last outcome is told', async (t) => {
  const { url, log } = await startFront(t);
  const get = (path: string) => fetch(`${url}${path}`, { headers: { connection: 'close' } });
  await get('/livez');
  await get('/readyz/linearizable_read');
  log.leader = noMember;
  await get('/readyz/linearizable_read');
  const families = await scrape(url);
  const [live, ready] = [
    { type: 'livez', name: 'serializable_read' },
    { type: 'readyz', name: 'linearizable_read' },
  ];
  t.deepEqual(numbers(families, 'etcd_server_healthcheck'), [
    [live, 1],
    [ready, 0],
  ]);
  t.deepEqual(numbers(families, 'etcd_server_healthchecks_total'), [
    [{ ...live, status: 'success' }, 1],
    [{ ...ready, status: 'success' }, 1],
    [{ ...ready, status: 'error' }, 1],
  ]);
});

test('what a compaction removes is counted once, and when it was through is told', async (t) => {
  const { url, kv } = await startFront(t);
  for (const value of ['1', '2']) await post(`${url}/v3/kv/put`, { key, value: btoa(value) });
  await post(`${url}/v3/kv/deleterange`, { key });
  await post(`${url}/v3/kv/put`, { key });
  const first = await scrape(url);
  t.deepEqual(numbers(first, 'etcd_debugging_mvcc_db_compaction_last'), [[{}, 0]]);
  for (const at of [3, kv.revision]) {
    kv.compact(revision(at));
    while (kv.compactStep(1));
  }
  const families = await scrape(url);
  t.deepEqual(numbers(families, 'etcd_debugging_mvcc_db_compaction_keys_total'), [[{}, 3]]);
  const ago = Date.now() / 1000 - (families.get('etcd_debugging_mvcc_db_compaction_last')?.samples[0]?.value ?? 0);
  t.true(ago >= 0 && ago < 60);
  const total = families.get('etcd_debugging_mvcc_db_compaction_total_duration_milliseconds')?.samples ?? [];
  t.is(total.find(({ name }) => name.endsWith('_count'))?.value, 2);
});

test('renewals, expirations, events and hashes are counted', async (t) => {
  const { url, leaseTime, state } = await startFront(t);
  const watching = new AbortController();
  const body = JSON.stringify({ create_request: { key } });
  const answers = fetch(`${url}/v3/watch`, { method: 'POST', body, signal: watching.signal });
  await eventually('a watch', () => state.watches.size.watchers === 1);
  await post(`${url}/v3/lease/grant`, { ID: 7, TTL: 60 });
  await post(`${url}/v3/lease/keepalive`, { ID: 7 });
  await post(`${url}/v3/kv/put`, { key, lease: 7 });
  await post(`${url}/v3/maintenance/hash`, {});
  for (const at of [0, 1, 99]) await post(`${url}/v3/maintenance/hashkv`, { revision: at });
  leaseTime.skippedMs = 61_000;
  await eventually('its end', () => state.measures.leases.expired === 1 && state.measures.events === 2);
  const families = await scrape(url);
  const one = (name: string) => families.get(name)?.samples.at(-1)?.value;
  await answers;
  watching.abort();
  t.is(one('etcd_debugging_lease_renewed_total'), 1);
  t.is(one('etcd_debugging_server_lease_expired_total'), 1);
  t.is(one('etcd_debugging_mvcc_events_total'), 2);
  t.is(one('etcd_debugging_mvcc_pending_events_total'), 0);
  t.is(one('etcd_mvcc_hash_duration_seconds'), 1);
  t.is(one('etcd_mvcc_hash_rev_duration_seconds'), 2, 'a revision that is not there is not hashed');
});

test('what comes on a stream and is no message is counted by its method', async (t) => {
  const { url, ...front } = await startFront(t);
  const session = openSession(t, { ...front, endpoint: url });
  const [notDecoded, compressed] = [framed(Buffer.of(255)), framed(Buffer.alloc(0), 1)];
  for (const chunk of [notDecoded, compressed]) await ask(session, { path: watchMethods.watch.path, chunks: [chunk] });
  await ask(session, { path: leaseMethods.leaseKeepAlive.path, chunks: [compressed] });
  t.deepEqual(numbers(await scrape(url), 'etcd_network_server_stream_failures_total'), [
    [{ Type: 'receive', API: 'watch' }, 2],
    [{ Type: 'receive', API: 'lease-keepalive' }, 1],
  ]);
});

test('ranges are timed apart by whether they came off', async (t) => {
  const { url } = await startFront(t);
  for (const at of [0, 0, 99]) await post(`${url}/v3/kv/range`, { key, revision: at });
  const samples = (await scrape(url)).get('etcd_server_range_duration_seconds')?.samples ?? [];
  t.deepEqual(
    samples.filter(({ name }) => name.endsWith('_count')).map(({ labels, value }) => [labels.success, value]),
    [
      ['true', 2],
      ['false', 1],
    ],
  );
});

test('alarms, members, gates and failed promotions are told in etcd’s words', async (t) => {
  const { url, state } = await startFront(t);
  const self = 'fedcba9876543210';
  await post(`${url}/v3/maintenance/alarm`, { action: 'ACTIVATE', memberID: String(0xabcn), alarm: 'CORRUPT' });
  await post(`${url}/v3/cluster/member/promote`, { ID: 5 });
  await post(`${url}/v3/cluster/member/promote`, { ID: String(state.consensus.status().memberId) });
  const families = await scrape(url);
  t.deepEqual(numbers(families, 'etcd_debugging_server_alarms'), [[{ server_id: 'abc', alarm_type: 'CORRUPT' }, 1]]);
  t.deepEqual(numbers(families, 'etcd_network_known_peers'), [[{ Local: self, Remote: self }, 1]]);
  t.deepEqual(numbers(families, 'etcd_server_feature_enabled'), [[{ name: 'InitialCorruptCheck', stage: 'ALPHA' }, 0]]);
  t.deepEqual(numbers(families, 'etcd_server_learner_promote_failures'), [
    [{ Reason: 'membership: ID not found' }, 1],
    [{ Reason: 'membership: can only promote a learner member' }, 1],
  ]);
});

/** What only etcd has: Go's own figures, its proxy's, its second store's, and those of bbolt and of its snapshot files. */
const foreign =
  /^(go_|promhttp_|etcd_grpc_proxy_|etcd_debugging_store_|etcd_debugging_snap_|etcd_snap_|etcd_debugging_disk_backend_|etcd_server_go_version)/;

/** What etcd 3.5 or 3.6 has not any more. */
const gone = /^etcd_debugging_mvcc_((delete|put|range|txn)_total|db_total_size_in_bytes)$/;

/** The keys have no index apart from the store, which a compaction would hold up: only the mark moves before it begins. */
const missing: readonly string[] = ['etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds'];

/** So that there are series of each metric that has none before it has counted something. */
async function useAll(url: string): Promise<void> {
  const ask = (path: string, body: unknown) => post(`${url}/v3/${path}`, body);
  await ask('kv/put', { key, value: key });
  await ask('kv/range', { key });
  await ask('kv/compaction', { revision: 2 });
  await ask('cluster/member/promote', { ID: 5 });
  await ask('maintenance/alarm', { action: 'ACTIVATE', memberID: 5, alarm: 'NOSPACE' });
  for (const path of ['livez', 'readyz', 'health']) await fetch(`${url}/${path}`, { headers: { connection: 'close' } });
}

const labelsOf = ({ samples }: Family): readonly string[] =>
  [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))].sort();

judge('etcd').test('a real etcd has no metric that is not here too, but for those of its own inside', async (t) => {
  const extensive = ['--metrics', 'extensive'];
  const [ours, theirs] = [
    await startFront(t, { extensive: true }),
    await startEtcd(t, undefined, undefined, extensive),
  ];
  const urls = [ours.url, theirs.endpoint];
  for (const url of urls) await useAll(url);
  const [mine, real] = await Promise.all(urls.map(scrape));
  const lacking = [...(real?.keys() ?? [])]
    .filter((name) => !foreign.test(name) && !gone.test(name) && !mine?.has(name))
    .sort();
  t.deepEqual(lacking, missing);
  for (const [name, family] of mine ?? []) {
    const known = real?.get(name);
    if (known === undefined) continue;
    t.is(family.type, known.type, name);
    if (family.samples.length > 0 && known.samples.length > 0) t.deepEqual(labelsOf(family), labelsOf(known), name);
  }
});
