import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import test, { type ExecutionContext } from 'ava';
import { gatewayPaths } from '../../../../cluster/api/http/gateway-paths.js';
import { memberId, revision } from '../../../../cluster/numbers.js';
import { post, startFront, type TestFront } from './front.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const key = base64('k');
const header = (revision: string) => ({
  cluster_id: '11259375',
  member_id: '18364758544493064720',
  revision,
  raft_term: '2',
});

test('a put and a range go through, numbers as strings and bytes as base64, and no field that has its default', async (t) => {
  const { url, kv } = await startFront(t);
  t.deepEqual(await post(`${url}/v3/kv/put`, { key, value: base64('v') }), {
    ...{ status: 200, type: 'application/json' },
    body: { header: header('2') },
  });
  t.is(kv.revision, revision(2));
  const { body } = await post(`${url}/v3/kv/range`, { key });
  const kvs = [{ key, create_revision: '2', mod_revision: '2', version: '1', value: base64('v') }];
  t.deepEqual(body, { header: header('2'), kvs, count: '1' });
});

test('the paths of etcd 3.3 lead to the same place, older ones nowhere', async (t) => {
  const { url } = await startFront(t);
  t.is((await post(`${url}/v3beta/kv/put`, { key })).status, 200);
  t.is((await post(`${url}/v3alpha/kv/put`, { key })).status, 404);
});

test('bytes may be in the alphabet for URLs, and without padding', async (t) => {
  const { url } = await startFront(t);
  t.is((await post(`${url}/v3/kv/put`, { key: '-_8' })).status, 200);
  const { body } = await post(`${url}/v3/kv/range`, { key: '+/8=' });
  t.is((body as { count: string }).count, '1');
});

test('an id that no double can hold arrives as it was, in quotes or not', async (t) => {
  const { url } = await startFront(t);
  for (const [ID, granted] of [
    ['7587894567890123457', '7587894567890123457'],
    [7, '7'],
  ] as const) {
    t.is(((await post(`${url}/v3/lease/grant`, { ID, TTL: 60 })).body as { ID: string }).ID, granted);
  }
  const { body } = await post(`${url}/v3/lease/grant`, '{"TTL":60,"ID":7587894567890123459}');
  t.is((body as { ID: string }).ID, '7587894567890123459');
});

test('of what excludes one another nothing is chosen in silence', async (t) => {
  const { url, kv } = await startFront(t);
  const both = { request_put: { key }, requestRange: { key } };
  const twice = await post(`${url}/v3/kv/txn`, { success: [both] });
  t.is(twice.status, 400);
  t.like(twice.body, { message: 'success.0.requestRange: request_put is there too, and one of them may be', code: 3 });
  t.is((await post(`${url}/v3/kv/range`, '{"range_end":"AA==","rangeEnd":"Yg==","key":"YQ=="}')).status, 400);
  t.is(kv.revision, revision(1));
});

test('everything that is wrong with a request is said at once, by place, and never what was given', async (t) => {
  const { url } = await startFront(t);
  const { status, body } = await post(`${url}/v3/kv/txn`, {
    compare: [{ key: 5, result: 'NEARLY' }, 'x'],
    success: [{ request_put: { key: '*', value: 'secret!', lease: 1.5, prev_kv: 'yes' } }],
    failure: {},
  });
  t.is(status, 400);
  const { error, message, code } = body as { error: string; message: string; code: number };
  t.is(code, 3);
  t.is(error, message);
  t.deepEqual(message.split('; '), [
    'compare.0.key: a string of base64 is expected, not a number',
    'compare.0.result: one of EQUAL, GREATER, LESS, NOT_EQUAL is expected',
    'compare.1: an object is expected, not a string',
    'success.0.request_put.key: illegal base64 data',
    'success.0.request_put.value: illegal base64 data',
    'success.0.request_put.lease: a whole number from -9223372036854775808 to 9223372036854775807 is expected',
    'success.0.request_put.prev_kv: true or false is expected, not a string',
    'failure: a list is expected, not an object',
  ]);
});

const refused: readonly (readonly [title: string, body: string, message: RegExp])[] = [
  ['half an object', '{"key":"aw=="', /^unexpected EOF$/],
  ['half a string', '{"key":"aw', /^unexpected EOF$/],
  ['a list', '[]', /an object is expected, not a list/],
  ['null', 'null', /^an object is expected, not null$/],
  ['null with something behind it', 'null secret', /^an object is expected, not null$/],
  ['a word', 'secret', /^invalid JSON/],
  ['something odd behind a secret', `{"password":"secret",x${'secret '.repeat(20)}}`, /^invalid JSON/],
  ['a number beyond 64 bits', '{"key":"aw==","limit":9223372036854775808}', /whole number/],
  ['a number in place of a name', '{"key":12345678901234567890}', /not a number/],
  ['brackets without an end', '['.repeat(200_000), /^unexpected EOF$/],
  ['something that is no UTF-8', '\xff', /JSON|UTF-8/],
];

for (const [title, body, message] of refused) {
  test(`${title} is no request`, async (t) => {
    const { url } = await startFront(t);
    const answer = await post(`${url}/v3/kv/range`, body);
    t.is(answer.status, 400);
    t.regex((answer.body as { message: string }).message, message);
    t.notRegex(JSON.stringify(answer.body), /secret/);
  });
}

for (const [path, body] of [
  ['lease/keepalive', '[]'],
  ['lease/keepalive', 'null'],
  ['watch', '{"create_request":'],
  ['maintenance/snapshot', 'null'],
] as const) {
  test(`to ${path} ${body} is refused as to any other, where etcd 3.6 may say nothing`, async (t) => {
    const { url } = await startFront(t);
    const { status, body: said } = await post(`${url}/v3/${path}`, body);
    t.is(status, 400);
    t.deepEqual(Object.keys(said as object), ['error', 'message', 'code']);
  });
}

test('transactions nested deeper than any request needs are refused and not followed', async (t) => {
  const { url } = await startFront(t);
  const open = '{"success":[{"request_txn":';
  const { status, body } = await post(`${url}/v3/kv/txn`, `${open.repeat(5000)}{}${'}]}'.repeat(5000)}`);
  t.is(status, 400);
  t.regex((body as { message: string }).message, /nested/);
});

test('a request that is too large is refused as by gRPC, and the connection can be used again', async (t) => {
  const { url, kv } = await startFront(t, { requestBytesMax: 100_000 });
  const little = await post(`${url}/v3/kv/put`, { key, value: base64('v'.repeat(110_000)) });
  t.is(little.status, 400);
  t.deepEqual(little.body, {
    ...{ error: 'etcdserver: request is too large', message: 'etcdserver: request is too large', code: 3 },
  });
  const much = await post(`${url}/v3/kv/put`, { key, value: 'A'.repeat(3_000_000) });
  t.is(much.status, 429);
  t.regex((much.body as { message: string }).message, /^grpc: received message larger than max \(\d+ vs\. 624288\)$/);
  t.is(kv.revision, revision(1));
});

test('only POST is taken, and a path that is none is not found', async (t) => {
  const { url } = await startFront(t);
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
    const got = await fetch(`${url}/v3/kv/range`, { method, headers: { connection: 'close' } });
    const body = JSON.stringify({ error: 'Method Not Allowed', message: 'Method Not Allowed', code: 12 });
    t.deepEqual(
      [got.status, got.headers.get('allow'), await got.text()],
      [501, null, method === 'HEAD' ? '' : body],
      method,
    );
  }
  t.deepEqual((await post(`${url}/v3/kv/nothing`, {})).body, { error: 'Not Found', message: 'Not Found', code: 5 });
});

test('without the gateway its paths are not there, and the probes are', async (t) => {
  const { url } = await startFront(t, { gatewayEnabled: false });
  t.deepEqual(await post(`${url}/v3/kv/range`, { key }), {
    ...{ status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' },
  });
  t.is((await fetch(`${url}/health`, { headers: { connection: 'close' } })).status, 200);
});

test('the gateway speaks HTTP/2 too, beside gRPC on the same connection', async (t) => {
  const { endpoint } = await startFront(t);
  const session = connect(endpoint);
  t.teardown(() => session.destroy());
  const stream = session.request({ ':method': 'POST', ':path': '/v3/kv/range', 'content-type': 'application/json' });
  stream.end(JSON.stringify({ key }));
  const [headers] = await once(stream, 'response');
  t.is(headers[':status'], 200);
  stream.setEncoding('utf8');
  let text = '';
  for await (const chunk of stream) text += chunk;
  t.deepEqual(JSON.parse(text), { header: header('1') });
});

async function signIn(front: TestFront): Promise<string> {
  const { url } = front;
  await post(`${url}/v3/auth/user/add`, { name: 'root', password: 'x' });
  await post(`${url}/v3/auth/role/add`, { name: 'root' });
  await post(`${url}/v3/auth/user/grant`, { user: 'root', role: 'root' });
  t200(await post(`${url}/v3/auth/enable`, ''));
  const { body } = await post(`${url}/v3/auth/authenticate`, { name: 'root', password: 'x' });
  return (body as { token: string }).token;
}

function t200({ status, body }: Awaited<ReturnType<typeof post>>): void {
  if (status !== 200) throw new Error(JSON.stringify(body));
}

test('what etcd answers without a header has none: leadership and the file’s free pages, and each piece of a copy', async (t) => {
  const { url, state } = await startFront(t);
  t.deepEqual((await post(`${url}/v3/maintenance/defragment`, {})).body, {});
  const targetID = header('1').member_id;
  state.members.apply({ kind: 'member-attributes', id: memberId(BigInt(targetID)), name: 'm', clientUrls: [] });
  t.deepEqual((await post(`${url}/v3/maintenance/transfer-leadership`, { targetID })).body, {});
  const { body } = await post(`${url}/v3/maintenance/snapshot`, {});
  const pieces = String(body).trimEnd().split('\n');
  const fields = new Set(pieces.flatMap((piece) => Object.keys(JSON.parse(piece).result)));
  t.deepEqual([...fields], ['blob', 'version']);
});

test('a token is taken from each header that may bring it, and a wrong one is 401', async (t) => {
  const front = await startFront(t);
  const token = await signIn(front);
  const range = (headers: Record<string, string>) => post(`${front.url}/v3/kv/range`, { key }, headers);
  const bringing: readonly Record<string, string>[] = [
    { authorization: token },
    { authorization: `Bearer ${token}` },
    { 'grpc-metadata-token': token },
  ];
  for (const headers of bringing) t.is((await range(headers)).status, 200);
  t.is((await range({ authorization: 'nonsense' })).status, 401);
  t.deepEqual((await range({})).body, {
    ...{ error: 'etcdserver: user name is empty', message: 'etcdserver: user name is empty', code: 3 },
  });
});

test('a deadline that passes is 504, and one that can not be read is refused', async (t) => {
  const { url, log } = await startFront(t);
  log.linearize = () => new Promise(() => {});
  t.is((await post(`${url}/v3/kv/range`, { key }, { 'grpc-timeout': '20m' })).status, 504);
  t.is((await post(`${url}/v3/kv/range`, { key }, { 'grpc-timeout': 'soon' })).status, 400);
});

test('a client that goes away ends the work that was begun for it', async (t) => {
  const { url, log } = await startFront(t);
  let begun = (): void => {};
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  log.linearize = () => {
    begun();
    return new Promise(() => {});
  };
  const request = httpRequest(`${url}/v3/kv/range`, { method: 'POST', agent: false });
  request.on('error', () => {});
  request.end(JSON.stringify({ key }));
  await asked;
  request.destroy();
  await t.notThrowsAsync(post(`${url}/v3/kv/range`, { key, serializable: true }));
});

test('a page of an origin that is not allowed gets no headers to read the answer by', async (t) => {
  const origins = async (cors: readonly string[], origin: string) => {
    const { url } = await startFront(t, { access: { cors } });
    const response = await fetch(`${url}/v3/kv/range`, { method: 'OPTIONS', headers: { origin, connection: 'close' } });
    return response.headers.get('access-control-allow-origin');
  };
  t.is(await origins(['*'], 'http://a.example'), '*');
  t.is(await origins(['http://a.example'], 'http://a.example'), 'http://a.example');
  t.is(await origins(['http://a.example'], 'http://b.example'), null);
});

test('a name that is not this member’s is misdirected: what a rebound name of an attacker leads to', async (t) => {
  const { url } = await startFront(t, { access: { hostWhitelist: ['store.example', '127.0.0.1'] } });
  t.is((await asHost(url, 'evil.example')).status, 421);
  t.regex((await asHost(url, 'evil.example:80')).body, /host-whitelist "evil.example"/);
  t.is((await asHost(url, 'store.example:2379')).status, 200);
  t.is((await asHost(url, '127.0.0.1')).status, 200);
});

function asHost(url: string, host: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/health`, { headers: { host }, agent: false }, async (response) => {
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += chunk;
      resolve({ status: response.statusCode, body });
    });
    request.on('error', reject).end();
  });
}

test('every path of the gateway leads to a method that is served, or to one that is still to come', async (t) => {
  const front = await startFront(t);
  const missing = await notFound(t, front);
  // Shrinks as services are added; what is served must not appear here.
  t.false(
    missing.some((path) => /kv\/(range|put|txn|deleterange|compaction)|auth\/|member\/list|lease\/grant/.test(path)),
  );
});

async function notFound(_: ExecutionContext, { url }: TestFront): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const path of gatewayPaths.keys()) {
    const { status, body } = await post(`${url}${path}`, '{', {});
    if (status === 404 && (body as { message?: string }).message === 'Not Found') missing.push(path);
  }
  return missing;
}
