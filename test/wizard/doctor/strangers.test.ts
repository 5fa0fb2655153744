import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { quorate } from '../commands/quorate.js';

// Endpoints that are no honest members: doctor ends, in time, and no terminal obeys what they say.

type Answerer = () => Promise<Uint8Array>;

/** A server of these calls at a port of its own. */
async function serving(t: ExecutionContext, calls: Readonly<Record<string, Answerer>>): Promise<string> {
  const server = new Server();
  for (const [path, answer] of Object.entries(calls)) {
    const plain = (bytes: Buffer): Buffer => bytes;
    const unary = { path, requestStream: false, responseStream: false, originalName: 'call' } as const;
    const codec = { requestSerialize: plain, requestDeserialize: plain };
    const definition = {
      call: { ...unary, ...codec, responseSerialize: plain, responseDeserialize: plain },
    } satisfies ServiceDefinition;
    server.addService(definition, {
      call: (_: unknown, callback: (error: null, bytes: Buffer) => void) =>
        void answer().then((bytes) => callback(null, Buffer.from(bytes))),
    });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return `http://127.0.0.1:${port}`;
}

const status = '/etcdserverpb.Maintenance/Status';
const members = '/etcdserverpb.Cluster/MemberList';

const says = (more: etcdserverpb.IStatusResponse): Answerer => {
  const bytes = etcdserverpb.StatusResponse.encode({ version: '3.5.9', leader: 1, raftTerm: 2, ...more }).finish();
  return async () => bytes;
};

const never: Answerer = () => new Promise(() => {});

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

const strangers: readonly (readonly [what: string, calls: Readonly<Record<string, Answerer>>, said: RegExp])[] = [
  ['that never answers', { [status]: never, [members]: never }, /error .*store-unreachable|nobody reaches/],
  ['that says it is of version 9.9.9', { [status]: says({ version: '9.9.9' }) }, /error|warning/],
  ['of no version', { [status]: says({ version: '' }) }, /it says that it is of version ""/],
  [
    'whose version is obeyed by terminals',
    { [status]: says({ version: '\u001b[2J\u001b]0;x\u0007' }) },
    /it says that it is of version "\\u001b\[2J/,
  ],
  ['whose version is long', { [status]: says({ version: 'x'.repeat(1_000_000) }) }, /of version "x{10,40}…"/],
  [
    'whose alarms are obeyed by terminals',
    { [status]: says({ errors: ['alarm \u001b[31m\u202e'] }) },
    /alarm \\u\{1b\}\[31m\\u\{202e\}/,
  ],
  ['that answers with something else', { [status]: async () => Buffer.from('HTTP/1.1 200 OK') }, /error/],
  [
    'whose numbers are as large as can be',
    { [status]: says({ dbSize: Number.MAX_SAFE_INTEGER, raftIndex: Number.MAX_SAFE_INTEGER, raftAppliedIndex: 0 }) },
    /error|warning/,
  ],
];

for (const [what, calls, said] of strangers)
  test(`an endpoint ${what}`, async (t) => {
    const endpoint = await serving(t, calls);
    const began = performance.now();
    const { code, stdout, stderr } = await quorate(['doctor', '--endpoints', endpoint]);
    t.true(performance.now() - began < 30_000);
    t.true(code === 1 || code === 2, `${code} ${stdout} ${stderr}`);
    t.regex(stdout + stderr, said);
    t.false(obeyed.test(stdout + stderr), JSON.stringify(stdout + stderr).slice(0, 2_000));
    t.notRegex(stderr, /mistake in quorate itself/);
    t.true(stdout.length < 20_000);
  });

test('what is not looked at is said', async (t) => {
  const plain = await quorate(['doctor', '--endpoints', await serving(t, { [status]: says({}) })]);
  t.regex(plain.stdout, /error http:.*: it is asked without TLS\n/);
  t.regex(plain.stdout, /note http:.*: it does not show its figures\n/);
  const tls = await quorate(['doctor', '--endpoints', 'https://127.0.0.1:9']);
  t.regex(tls.stdout, /note https:.*: its certificates were not looked at\n.*\n {4}next: --cacert /);
});

test('an endpoint that is dead is named beside one that answers', async (t) => {
  const endpoint = await serving(t, { [status]: says({}) });
  const { code, stdout } = await quorate(['doctor', '--endpoints', endpoint, 'http://127.0.0.1:9']);
  t.is(code, 1);
  t.regex(stdout, /error http:\/\/127\.0\.0\.1:9: ".*connection refused/);
});

const registry: Answerer = async () =>
  etcdserverpb.RangeResponse.encode({ count: 1, kvs: [{ key: Buffer.from('/registry/a') }] }).finish();
const none: Answerer = async () => new Uint8Array();

test('under Kubernetes auth is not advised without the API server', async (t) => {
  const endpoint = await serving(t, {
    [status]: says({}),
    '/etcdserverpb.KV/Range': registry,
    '/etcdserverpb.Auth/AuthStatus': none,
    '/etcdserverpb.Auth/RoleList': none,
    '/etcdserverpb.Auth/UserList': none,
  });
  const { stdout } = await quorate(['doctor', '--endpoints', endpoint]);
  t.regex(stdout, /next: make kube-apiserver-etcd-client a user with the role root.*; then etcdctl user add root/);
});
