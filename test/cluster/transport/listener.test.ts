import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import {
  credentials,
  Client as GrpcClient,
  Server as GrpcServer,
  Metadata,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { parseAddress } from '../../../cluster/transport/address.js';
import { Listener, type ListenerLimits } from '../../../cluster/transport/listener.js';
import type { TlsFiles } from '../../../cluster/transport/tls-files.js';
import { TlsMaterial } from '../../../cluster/transport/tls-material.js';
import { contentsOf, folderOf, issue, makeAuthority } from './certificates.js';
import { eventually, recordingLogger } from './eventually.js';

async function listenOn(
  t: ExecutionContext,
  files: TlsFiles | undefined,
  limits: Partial<ListenerLimits> = {},
  serveHttp2 = greetingHttp2(),
) {
  const logger = recordingLogger();
  const material = files && new TlsMaterial(files, { logger });
  const listener = await Listener.open({
    address: parseAddress(`${files ? 'https' : 'http'}://127.0.0.1:0`),
    ...(material ? { tls: { material, requireClientCertificate: true } } : {}),
    serveHttp2,
    serveHttp1: (request, response) => response.end(`HTTP/${request.httpVersion}`),
    logger,
    limits: { graceMs: 100, ...limits },
  });
  t.teardown(async () => {
    await listener.close();
    material?.close();
  });
  return { listener, logger, port: listener.address.port };
}

function greetingHttp2(): (socket: Socket) => void {
  const server = createHttp2Server((request, response) => response.end(`HTTP/${request.httpVersion}`));
  return (socket) => void server.emit('connection', socket);
}

function identity(t: ExecutionContext) {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  return { folder, authority, files: issue(folder, authority, { name: 'm1' }) };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

async function overHttp1(url: string, tls: ConnectionOptions = {}): Promise<string> {
  const request = url.startsWith('https:')
    ? httpsRequest(url, { ...(tls as RequestOptions), agent: false })
    : httpRequest(url, { agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return textOf(response);
}

async function overHttp2(url: string, tls: ConnectionOptions = {}): Promise<string> {
  const session = connectHttp2(url, tls).on('error', () => {});
  try {
    const stream = session.request({ ':path': '/' });
    let answered = false;
    stream.on('response', () => {
      answered = true;
    });
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    if (!answered) throw new Error('the connection was closed');
    return text;
  } finally {
    session.destroy();
  }
}

test('one TLS port speaks HTTP/2 and HTTP/1.1 by ALPN, and HTTP/1.1 without it', async (t) => {
  const { files } = identity(t);
  const { port } = await listenOn(t, files);
  const tls = contentsOf(files);
  const url = `https://127.0.0.1:${port}`;
  t.is(await overHttp2(url, tls), 'HTTP/2.0');
  t.is(await overHttp1(url, tls), 'HTTP/1.1');
  t.is(await overHttp1(url, { ...tls, ALPNProtocols: ['http/1.1'] }), 'HTTP/1.1');
});

test('one plain port speaks HTTP/2 with prior knowledge and HTTP/1.1, however the first bytes come', async (t) => {
  const { port } = await listenOn(t, undefined);
  t.is(await overHttp2(`http://127.0.0.1:${port}`), 'HTTP/2.0');
  t.is(await overHttp1(`http://127.0.0.1:${port}`), 'HTTP/1.1');
  const socket = connectPlain(port, '127.0.0.1').setNoDelay(true).setEncoding('utf8');
  let answer = '';
  socket.on('data', (text) => {
    answer += text;
  });
  for (const letter of 'PRI / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'.replace('PRI', 'PUT')) {
    socket.write(letter);
    await new Promise(setImmediate);
  }
  await once(socket, 'close');
  t.regex(answer, /^HTTP\/1\.1 200 OK.*HTTP\/1\.1/s);
});

test('grpc-js serves the connections that it is handed and sees the client certificate', async (t) => {
  const { files, folder, authority } = identity(t);
  const server = new GrpcServer();
  const bytes = (value: Buffer): Buffer => value;
  const method = {
    path: '/test/Who',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  server.addService(
    { who: method },
    {
      who: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) =>
        done(null, Buffer.from(String(call.getAuthContext().sslPeerCertificate?.subject.CN))),
    },
  );
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const { port } = await listenOn(t, files, {}, (socket) => injector.injectConnection(socket));
  const alice = contentsOf(issue(folder, authority, { name: 'alice' }));
  const tls = credentials.createSsl(Buffer.from(alice.ca), Buffer.from(alice.key), Buffer.from(alice.cert));
  const client = new GrpcClient(`localhost:${port}`, tls);
  const answer = await new Promise<Buffer | undefined>((resolve, reject) =>
    client.makeUnaryRequest(method.path, bytes, bytes, Buffer.alloc(0), new Metadata(), (error, value) =>
      error ? reject(error) : resolve(value),
    ),
  );
  t.is(answer?.toString(), 'alice');
  client.close();
  injector.destroy();
});

const stranger = test.macro({
  title: (_, who: string, reason: string) => `a client ${who} is rejected: "${reason}"`,
  exec: async (t, _who: string, reason: string, show: (t: ExecutionContext, ca: string) => ConnectionOptions) => {
    const { files } = identity(t);
    const { port, logger } = await listenOn(t, files);
    const tls = { ca: contentsOf(files).ca, ...show(t, contentsOf(files).ca) };
    for (let attempt = 0; attempt < 3; attempt++) {
      await t.throwsAsync(overHttp1(`https://127.0.0.1:${port}`, tls));
    }
    await eventually('the warning', () => logger.warnings().length > 0);
    t.deepEqual(logger.warnings(), [`rejected connection on client endpoint: ${reason}`]);
    t.regex(String(logger.lines.find(({ level }) => level === 'warn')?.fields['remote-addr']), /^127\.0\.0\.1:\d+$/);
  },
});

test(stranger, 'without a certificate', 'it showed no certificate', () => ({}));
test(
  stranger,
  'with a certificate of another authority',
  'its certificate is signed by an authority that is not trusted here',
  (t, ca) => {
    const folder = folderOf(t);
    return { ...contentsOf(issue(folder, makeAuthority(folder, 'other'), { name: 'root' })), ca };
  },
);
test(
  stranger,
  'with TLS 1.1',
  'it offers only TLS versions that are too old',
  (): ConnectionOptions => ({
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  }),
);

test('plain HTTP to an https port is said to be that', async (t) => {
  const { port, logger } = await listenOn(t, identity(t).files);
  await t.throwsAsync(overHttp1(`http://127.0.0.1:${port}`));
  await eventually('the warning', () => logger.warnings().length > 0);
  t.deepEqual(logger.warnings(), ['rejected connection on client endpoint: it spoke plain HTTP to an https port']);
});

test('GHSA-6vch-q96h-7gc3: a client that only connects is closed at the handshake timeout', async (t) => {
  const { port, logger } = await listenOn(t, identity(t).files, { handshakeMs: 100 });
  const closed = (to: number) =>
    once(
      connectPlain(to, '127.0.0.1')
        .on('error', () => {})
        .resume(),
      'close',
    );
  await closed(port);
  t.deepEqual(logger.warnings(), ['rejected connection on client endpoint: it did not finish the handshake in time']);
  const plain = await listenOn(t, undefined, { handshakeMs: 100 });
  await closed(plain.port);
  t.deepEqual(plain.logger.warnings(), []);
});

test('an HTTP/1.1 request whose headers never end is closed', async (t) => {
  const { port } = await listenOn(t, undefined, { handshakeMs: 200 });
  const socket = connectPlain(port, '127.0.0.1').setEncoding('utf8');
  socket.write('GET / HTTP/1.1\r\n');
  let answer = '';
  socket.on('data', (text) => {
    answer += text;
  });
  await once(socket, 'close');
  t.regex(answer, /^HTTP\/1\.1 408 /);
});

test('connections that do not finish their handshake are bounded, and keep nobody out who does', async (t) => {
  const { files } = identity(t);
  const { port, logger } = await listenOn(t, files, { pendingMax: 2 });
  const url = `https://127.0.0.1:${port}`;
  const tls = contentsOf(files);
  for (let served = 0; served < 3; served++) await overHttp2(url, tls);
  t.deepEqual(logger.warnings(), [], 'open ones do not count');
  const silent = [1, 2, 3].map(() =>
    connectPlain(port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  );
  await Promise.all(silent.slice(1).map((socket) => once(socket, 'connect')));
  t.is(await overHttp2(url, tls), 'HTTP/2.0');
  await eventually('the oldest to be closed', () => silent.filter(({ destroyed }) => destroyed).length === 2);
  t.deepEqual(logger.warnings(), ['too many connections are in their handshake, closing the oldest']);
  for (const socket of silent) socket.destroy();
});

test('more connections than there may be are closed at once, and there is room again when others leave', async (t) => {
  const { port, logger } = await listenOn(t, undefined, { connectionsMax: 2 });
  const url = `http://127.0.0.1:${port}`;
  const open = [1, 2].map(() =>
    connectPlain(port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  );
  await Promise.all(open.map((socket) => once(socket, 'connect')));
  await t.throwsAsync(overHttp1(url));
  t.deepEqual(logger.warnings(), ['too many connections are open, closing new ones']);
  for (const socket of open) socket.destroy();
  t.is(await retried(() => overHttp1(url)), 'HTTP/1.1');
});

async function retried<Value>(attempt: () => Promise<Value>): Promise<Value> {
  for (let left = 200; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

test('a port in use is refused with the URL and who holds it', async (t) => {
  const { listener } = await listenOn(t, undefined);
  const error = await t.throwsAsync(
    Listener.open({ address: listener.address, serveHttp2: () => {}, serveHttp1: () => {}, logger: recordingLogger() }),
    { instanceOf: ClusterError },
  );
  t.is(error?.code, 'address-in-use');
  const holder = process.platform === 'linux' ? `\\S+ \\(pid ${process.pid}\\)` : 'another process';
  t.regex(error?.message ?? '', new RegExp(`^http://127\\.0\\.0\\.1:${listener.address.port} is in use by ${holder}$`));
});

test('an address of another machine is refused', async (t) => {
  const error = await t.throwsAsync(
    Listener.open({
      address: parseAddress('http://192.0.2.1:2379'),
      serveHttp2: () => {},
      serveHttp1: () => {},
      logger: recordingLogger(),
    }),
    { instanceOf: ClusterError },
  );
  t.is(error?.code, 'flag-refused');
  t.is(error?.hint, '192.0.2.1 is no address of this machine');
});

test('renewed certificates and another authority are used from the next handshake on, while traffic flows', async (t) => {
  const { folder, authority, files } = identity(t);
  const { port, logger } = await listenOn(t, files);
  const url = `https://127.0.0.1:${port}`;
  const old = contentsOf(files);
  const session = connectHttp2(url, old).on('error', () => {});
  const ask = async (): Promise<string> => {
    let text = '';
    for await (const chunk of session.request({ ':path': '/' })) text += String(chunk);
    return text;
  };
  t.is(await ask(), 'HTTP/2.0');

  const other = makeAuthority(folder, 'other');
  const next = issue(folder, other, { name: 'm1', file: 'next' });
  const otherAuthority = readFileSync(other.cert);
  writeFileSync(authority.cert, Buffer.concat([otherAuthority, readFileSync(authority.cert)]));
  copyFileSync(next.cert, files.cert);
  copyFileSync(next.key, files.key);

  t.is(await overHttp2(url, { ...contentsOf(next), ca: otherAuthority }), 'HTTP/2.0');
  t.is(await overHttp2(url, { ...old, ca: otherAuthority }), 'HTTP/2.0', 'the old authority is still in');
  t.is(await ask(), 'HTTP/2.0', 'the open connection lives on');

  writeFileSync(authority.cert, otherAuthority);
  await t.throwsAsync(overHttp2(url, { ...old, ca: otherAuthority }), undefined, 'the old authority is out');
  await eventually('the connection of the old authority to be closed', () => session.destroyed);
  t.true(logger.warnings().includes('closed a connection: its authority is no longer trusted'));
});

test('a bad pair on disk does not stop handshakes', async (t) => {
  const { folder, files } = identity(t);
  const { port } = await listenOn(t, files);
  const tls = contentsOf(files);
  const strange = issue(folder, makeAuthority(folder, 'other'), { name: 'm1', file: 'strange' });
  copyFileSync(strange.key, files.key);
  t.is(await overHttp1(`https://127.0.0.1:${port}`, tls), 'HTTP/1.1');
});

test('close ends what does not end by itself, in bounded time', async (t) => {
  const { files } = identity(t);
  const { listener, port } = await listenOn(t, files);
  const session = connectHttp2(`https://127.0.0.1:${port}`, contentsOf(files)).on('error', () => {});
  await once(session, 'connect');
  const silent = connectPlain(port, '127.0.0.1')
    .on('error', () => {})
    .resume();
  await once(silent, 'connect');
  const begun = performance.now();
  // Not `once`, which would reject: a connection that is cut off may say so first.
  const closed = [session, silent].map((each) => new Promise((resolve) => each.once('close', resolve)));
  await Promise.all([listener.close(), ...closed]);
  t.true(performance.now() - begun < 2000);
});
