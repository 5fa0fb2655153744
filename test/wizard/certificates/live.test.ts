import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer as createPlainServer, type Server, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Finding, Issued } from '#pki';
import { inspectEndpoint, type LiveTarget } from '../../../wizard/certificates/verify/live.js';
import { parseEndpoints } from '../../../wizard/certificates/verify/targets.js';
import { judge } from '../../judges.js';
import { type Bench, bench, later } from '../../pki/setting.js';
import { quorate } from '../commands/quorate.js';
import { appliedCluster } from '../run/cluster.js';

for (const engine of ['included', 'etcd'] as const) {
  judge(...(engine === 'etcd' ? ['etcd', 'etcdctl'] : [])).test(
    `a member of ${engine} is in order, and refuses who is nobody's`,
    async (t) => {
      const cluster = await appliedCluster(t, { count: 1, engine });
      const up = await cluster.run(['up', '--detach']);
      t.is(up.code, 0, up.stderr);
      const fine = await cluster.run(['cert', 'verify', '--live']);
      t.is(fine.code, 0, fine.stdout);
      t.regex(fine.stderr, /2 looked at: 0 errors, 0 warnings/);
      t.regex(fine.stdout, /the server certificate of m1: TLSv1\.2, TLSv1\.3; certificates are demanded/);
      t.regex(fine.stdout, /the peer certificate of m1: TLSv1\.2, TLSv1\.3; certificates are demanded/);
      // Nobody's certificate to sign in with.
      const [{ clientPort } = { clientPort: 0 }] = cluster.members;
      const stranger = await bench(t, 'ecdsa-p256', new Date());
      const { certificate, key } = await stranger.write('app', { profile: 'client', commonName: 'app', names: [] });
      const asked = [
        'cert',
        'verify',
        '--endpoint',
        `127.0.0.1:${clientPort}`,
        '--cert',
        certificate,
        '--key',
        key,
        '--json',
      ];
      const ended = await cluster.run(asked);
      t.is(ended.code, 1);
      t.deepEqual(
        JSON.parse(ended.stdout).verified[0].findings.map(({ code }: Finding) => code),
        ['refused'],
      );
    },
  );
}

const signal = new AbortController().signal;

interface Wanted {
  readonly issued: Issued;
  readonly tls?: ServerOptions;
  readonly clockMs?: number;
}

/** A server of Node's with whatever is wrong with it. @returns its port */
async function serving(
  t: ExecutionContext,
  { authority }: Bench,
  { issued, tls = {}, clockMs = 0 }: Wanted,
): Promise<number> {
  const { chainPem: cert, keyPem: key } = issued;
  const options = { cert, key, ca: authority.certificate.pem, requestCert: true, rejectUnauthorized: true, ...tls };
  const server = createServer(options, (_, response) => {
    response.setHeader('date', new Date(Date.now() + clockMs).toUTCString());
    response.end('{}');
  });
  return listening(t, server);
}

async function listening(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

async function look(setting: Bench, port: number, more: Partial<LiveTarget> = {}): Promise<readonly string[]> {
  const { authority, ca, issue } = setting;
  const { chainPem: cert, keyPem: key } = await issue({
    profile: 'client',
    commonName: 'app',
    names: [],
    now: new Date(),
  });
  const target = { endpoint: { host: '127.0.0.1', port }, title: 'it', credentials: { cert, key }, ...more };
  const trusted = [authority.certificate];
  const findings = await inspectEndpoint(target, {
    trusted,
    caPath: ca,
    list: undefined,
    register: undefined,
    now: () => new Date(),
    signal,
  });
  return findings.map(({ code }) => code);
}

test('each thing that is wrong with an endpoint is seen from outside', async (t) => {
  const setting = await bench(t, 'ecdsa-p256', later(-400, new Date()));
  const now = new Date();
  const good = await setting.issue({ names: ['127.0.0.1'], now });
  const expect = async (
    what: string,
    wanted: Partial<Wanted>,
    codes: readonly string[],
    more: Partial<LiveTarget> = {},
  ) => {
    const port = await serving(t, setting, { issued: good, ...wanted });
    t.deepEqual(await look(setting, port, more), codes, what);
  };
  const weak = { ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
  await expect('nothing', {}, ['valid']);
  await expect('lets everybody in', { tls: { requestCert: false } }, ['nameless-let-in']);
  await expect('asks, and does not insist', { tls: { rejectUnauthorized: false } }, ['nameless-let-in']);
  await expect('TLS 1.1', { tls: { ...weak, minVersion: 'TLSv1.1' } }, ['old-protocol']);
  await expect('no TLS 1.3', { tls: { maxVersion: 'TLSv1.2' } }, ['old-protocol']);
  await expect('a clock that is behind', { clockMs: -120_000 }, ['clock-differs']);
  await expect(
    'an expired certificate',
    { issued: await setting.issue({ names: ['127.0.0.1'], days: 90, now: later(-100, now) }) },
    ['expired'],
  );
  await expect('another name', { issued: await setting.issue({ names: ['m9'], now }) }, ['names-missing']);
  await expect(
    "a client's certificate",
    { issued: await setting.issue({ profile: 'client', names: ['127.0.0.1'], now }) },
    ['wrong-usage'],
    { use: 'server' },
  );
  const stranger = await bench(t, 'ecdsa-p256', now);
  await expect("another authority's", { issued: await stranger.issue({ names: ['127.0.0.1'] }) }, ['wrong-authority']);
  const trusting = { tls: { ca: stranger.authority.certificate.pem } };
  await expect('trusts another authority', trusting, ['refused']);
  await expect('another certificate than is filed', {}, ['served-differs'], {
    filed: { path: 'm1.crt', fingerprint: 'ab' },
  });
  await expect('signed in without a certificate', {}, ['valid'], { credentials: undefined });
});

test('what speaks no TLS, says nothing, or hangs up is said, and nobody waits for it', async (t) => {
  const setting = await bench(t, 'ecdsa-p256', new Date());
  const plain = await listening(
    t,
    createPlainServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  t.deepEqual(await look(setting, plain), ['no-tls']);
  const rude = await listening(
    t,
    createPlainServer((socket) => socket.destroy()),
  );
  t.deepEqual(await look(setting, rude), ['unreachable']);
  const mute = await listening(
    t,
    createPlainServer(() => {}),
  );
  const from = Date.now();
  t.deepEqual(await look(setting, mute), ['unreachable']);
  t.true(Date.now() - from < 30_000);
});

test('endpoints are read in every form that etcdctl has, and refused by what is wrong', async (t) => {
  t.deepEqual(parseEndpoints('https://a.example:2379/, [::1]:1,10.0.0.1:65535'), [
    { host: 'a.example', port: 2379 },
    { host: '::1', port: 1 },
    { host: '10.0.0.1', port: 65_535 },
  ]);
  for (const bad of ['a', 'a:0', 'a:65536', 'http://a:1', '::1:1', 'a:1,,b:2', 'user@a:1', '']) {
    t.throws(() => parseEndpoints(bad), { code: 'usage', message: /is no HOST:PORT/ }, bad);
  }
  const folder = await bench(t, 'ecdsa-p256', new Date());
  writeFileSync(folder.path('app.crt'), '');
  const { code, stderr } = await quorate([
    'cert',
    'verify',
    '--endpoint',
    'a:1',
    '--ca',
    folder.ca,
    '--cert',
    folder.path('app.crt'),
  ]);
  t.is(code, 2);
  t.regex(stderr, /--cert has its key in --key/);
});
