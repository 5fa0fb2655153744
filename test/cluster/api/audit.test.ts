import { X509Certificate } from 'node:crypto';
import { Agent, request as httpsRequest } from 'node:https';
import test from 'ava';
import type { AuditLevel, AuditRecord, AuditSink } from '../../../cluster/api/audit/record.js';
import { testAuthority } from '../../certificates.js';
import { post, startFront, type TestFront } from './http/front.js';

class Kept implements AuditSink {
  readonly level: AuditLevel;
  readonly records: AuditRecord[] = [];
  readonly dropped = 0;

  constructor(level: AuditLevel = 'changes') {
    this.level = level;
  }

  get written(): number {
    return this.records.length;
  }

  write(record: AuditRecord): void {
    this.records.push(record);
  }

  /** "allowed root /etcdserverpb.KV/Put" */
  lines(): readonly string[] {
    return this.records.map(({ outcome, user = '-', method }) => `${outcome} ${user} ${method.split('/').at(-1)}`);
  }
}

const b = (text: string): string => Buffer.from(text).toString('base64');

async function turnAuthOn({ url }: TestFront): Promise<void> {
  const steps: readonly (readonly [path: string, body: object])[] = [
    ['auth/user/add', { name: 'root', password: 'secret-root' }],
    ['auth/user/add', { name: 'ada', password: 'secret-ada' }],
    ['auth/role/add', { name: 'root' }],
    ['auth/user/grant', { user: 'root', role: 'root' }],
    ['auth/enable', {}],
  ];
  for (const [path, body] of steps) {
    const { status } = await post(`${url}/v3/${path}`, body);
    if (status !== 200) throw new Error(`${path} came to ${status}`);
  }
}

async function tokenOf({ url }: TestFront, name: string): Promise<Record<string, string>> {
  const { body } = await post(`${url}/v3/auth/authenticate`, { name, password: `secret-${name}` });
  return { authorization: (body as { token: string }).token };
}

test('who changes something is written down with what, when and how it came out, and reads are not', async (t) => {
  const audit = new Kept();
  const { url } = await startFront(t, { audit });
  await post(`${url}/v3/kv/put`, { key: b('/app/a'), value: b('secret-value'), lease: 0 });
  await post(`${url}/v3/kv/range`, { key: b('/app/a') });
  await post(`${url}/v3/kv/txn`, { success: [{ request_range: { key: b('a') } }] });
  await post(`${url}/v3/kv/deleterange`, { key: b('/app/'), range_end: b('/app0') });
  const [put, removed, ...more] = audit.records;
  t.deepEqual(more, []);
  t.like(put, {
    ...{ authentication: 'none', gateway: true, method: '/etcdserverpb.KV/Put', what: { key: '"/app/a"' } },
    ...{ outcome: 'allowed', authRevision: 1, revision: 2 },
  });
  t.regex(put?.remote ?? '', /^127\.0\.0\.1:\d+$/);
  t.regex(put?.time ?? '', /^\d{4}-\d\d-\d\dT/);
  t.deepEqual(removed?.what, { key: '"/app/"', rangeEnd: '"/app0"' });
});

test('a transaction is written down with the keys of all that it may do', async (t) => {
  const audit = new Kept();
  const { url } = await startFront(t, { audit });
  await post(`${url}/v3/kv/txn`, {
    compare: [{ target: 'VALUE', key: b('c'), value: b('secret-compared') }],
    success: [{ request_put: { key: b('p'), value: b('secret-put') } }],
    failure: [{ request_txn: { success: [{ request_delete_range: { key: b('d') } }] } }],
  });
  t.deepEqual(audit.records[0]?.what, {
    compare: [{ key: '"c"' }],
    success: [{ requestPut: { key: '"p"' } }],
    failure: [{ requestTxn: { success: [{ requestDeleteRange: { key: '"d"' } }] } }],
  });
});

test('each kind of refusal is written down with its reason, whatever was asked', async (t) => {
  const audit = new Kept();
  const front = await startFront(t, { audit });
  const { url, client } = front;
  await turnAuthOn(front);
  audit.records.length = 0;
  const ada = await tokenOf(front, 'ada');
  const key = { key: b('k') };
  await post(`${url}/v3/kv/range`, key);
  await post(`${url}/v3/kv/range`, key, { authorization: 'made-up' });
  await post(`${url}/v3/kv/range`, key, ada);
  await post(`${url}/v3/kv/put`, key, ada);
  await post(`${url}/v3/kv/txn`, { success: [{ request_range: key }] }, ada);
  await post(`${url}/v3/auth/user/list`, {}, ada);
  await post(`${url}/v3/maintenance/snapshot`, {}, ada);
  await post(`${url}/v3/lock/lock`, { name: b('n') }, ada);
  await post(`${url}/v3/auth/authenticate`, { name: 'ada', password: 'secret-wrong' });
  await t.throwsAsync(client({ endpoints: [url], token: ada.authorization ?? '' }).put('k', 'v'));
  t.deepEqual(audit.lines(), [
    'allowed ada Authenticate',
    'refused - Range',
    'refused - Range',
    'refused ada Range',
    'refused ada Put',
    'refused ada Txn',
    'refused ada UserList',
    'refused ada Snapshot',
    'refused ada Lock',
    'refused ada Authenticate',
    'refused ada Put',
  ]);
  t.deepEqual(
    [...new Set(audit.records.map(({ reason }) => reason))],
    [
      undefined,
      'etcdserver: user name is empty',
      'etcdserver: invalid auth token',
      'etcdserver: permission denied',
      'etcdserver: authentication failed, invalid user ID or password',
    ],
  );
  const [signIn, , madeUp, reading] = audit.records;
  t.deepEqual(
    [signIn, madeUp, reading].map((each) => each?.authentication),
    ['password', 'token', 'token'],
  );
});

test('a watcher that is turned away is written down, though its stream goes on', async (t) => {
  const audit = new Kept();
  const front = await startFront(t, { audit });
  await turnAuthOn(front);
  const headers = await tokenOf(front, 'ada');
  audit.records.length = 0;
  const response = await fetch(`${front.url}/v3/watch`, {
    method: 'POST',
    body: JSON.stringify({ create_request: { key: b('k') } }),
    headers: { ...headers, connection: 'close' },
  });
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  t.regex(Buffer.from(value ?? []).toString(), /permission denied/);
  await reader?.cancel();
  t.like(audit.records[0], {
    ...{ user: 'ada', method: '/etcdserverpb.Watch/Watch', outcome: 'refused' },
    what: { createRequest: { key: '"k"' } },
  });
});

test('with level all reads are written down too', async (t) => {
  const audit = new Kept('all');
  const { url } = await startFront(t, { audit });
  await post(`${url}/v3/kv/range`, { key: b('k') });
  await post(`${url}/v3/maintenance/status`, {});
  t.deepEqual(audit.lines(), ['allowed - Range', 'allowed - Status']);
});

test('what changes nothing because it can not is a failure, not a refusal', async (t) => {
  const audit = new Kept();
  const { url } = await startFront(t, { audit });
  await post(`${url}/v3/kv/put`, {});
  await post(`${url}/v3/kv/compaction`, { revision: 1000 });
  t.deepEqual(audit.lines(), ['failed - Put', 'failed - Compact']);
});

test('no password, token, hash or value is ever written down', async (t) => {
  const audit = new Kept('all');
  const front = await startFront(t, { audit });
  await turnAuthOn(front);
  const root = await tokenOf(front, 'root');
  const hashed = Buffer.from(`$2b$04$${'a'.repeat(53)}`).toString('base64');
  const asked: readonly (readonly [path: string, body: object])[] = [
    ['auth/user/changepw', { name: 'ada', password: 'secret-new' }],
    ['auth/user/add', { name: 'eve', hashedPassword: hashed }],
    ['auth/authenticate', { name: 'root', password: 'secret-wrong' }],
    ['kv/put', { key: b('k'), value: b('secret-value'), prev_kv: true }],
    ['kv/range', { key: b('k') }],
    ['lock/lock', { name: b('n') }],
  ];
  for (const [path, body] of asked) await post(`${front.url}/v3/${path}`, body, root);
  const text = JSON.stringify(audit.records);
  const secrets = ['secret', b('secret-value'), hashed, root.authorization ?? ''];
  t.deepEqual(
    secrets.filter((secret) => text.includes(secret)),
    [],
  );
});

test('a request under a name that is not this member’s is written down before anybody looks at it', async (t) => {
  const audit = new Kept();
  const { url } = await startFront(t, { audit, access: { hostWhitelist: ['store.example'] } });
  await post(`${url}/v3/kv/put`, { key: b('k') });
  t.like(audit.records[0], { outcome: 'refused', method: 'POST /v3/kv/put', user: undefined });
  t.regex(audit.records[0]?.reason ?? '', /the Host header was unrecognized/);
});

test('a certificate names the user of gRPC, is written down with its serial, and names nobody through the gateway', async (t) => {
  const audit = new Kept();
  const authority = await testAuthority(t);
  const front = await startFront(t, { authority, audit });
  const tls = await authority.client('root');
  const agent = new Agent({ ...tls, keepAlive: true });
  t.teardown(() => agent.destroy());
  const viaGateway = (path: string, body: object, headers = {}) =>
    postSecurely(agent, `${front.url}${path}`, body, headers);
  const root = front.client({ endpoints: [front.url], tls });
  await root.auth.userAdd('root', 'secret-root');
  await root.auth.userGrantRole('root', 'root');
  await root.auth.enable();
  audit.records.length = 0;

  await root.put('k', 'v');
  const serial = new X509Certificate(tls.cert).serialNumber;
  t.like(audit.records[0], {
    user: 'root',
    authentication: 'certificate',
    certificate: { commonName: 'root', serial },
  });

  const alone = await viaGateway('/v3/kv/put', { key: b('k') });
  t.deepEqual(alone, [
    400,
    'CommonName of client sending a request against gateway will be ignored and not used as expected\n',
  ]);
  t.like(audit.records[1], { outcome: 'refused', method: 'POST /v3/kv/put', certificate: { commonName: 'root' } });
  const [status, text] = await viaGateway('/v3/auth/authenticate', { name: 'root', password: 'secret-root' });
  t.is(status, 200);
  const { token } = JSON.parse(text) as { token: string };
  t.is((await viaGateway('/v3/kv/put', { key: b('k') }, { authorization: token }))[0], 200);
  t.is((await viaGateway('/v3/kv/put', { key: b('k') }, { authorization: 'made-up' }))[0], 401);
  t.like(audit.records.at(-2), { user: 'root', authentication: 'token', gateway: true });
});

function postSecurely(agent: Agent, url: string, body: object, headers: object): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { method: 'POST', agent, headers: { ...headers } }, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve([response.statusCode ?? 0, text]);
    });
    request.on('error', reject).end(JSON.stringify(body));
  });
}
