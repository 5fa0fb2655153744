import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { silentLogger } from '../../../cluster/logger.js';
import { parseAddress } from '../../../cluster/transport/address.js';
import { Listener } from '../../../cluster/transport/listener.js';
import { judge } from '../../judges.js';
import { frame, preface, rawConnection } from '../../raw-http2.js';
import { startFront } from '../api/http/front.js';

// Clients in Go, as they open a connection in the clear: no settings of their own, and then a wait for the server's.

const opening = Buffer.concat([preface, frame('settings', 0, 0, Buffer.alloc(0))]);
const acknowledged = frame('settings', 1, 0, Buffer.alloc(0));
const [endStream, endHeaders, padded, priority] = [1, 4, 8, 32];

/** RFC 7541: POST, http, / by the static table; the authority as it is given. */
const block = (authority: Buffer): Buffer => Buffer.concat([Buffer.of(0x83, 0x86, 0x84), authority]);
/** Put into the table of both sides. */
const named = (authority: string): Buffer => Buffer.concat([Buffer.of(0x41, authority.length), Buffer.from(authority)]);
/** What was put there last. */
const asBefore = Buffer.of(0xbe);

const request = (stream: number, authority: Buffer, flags = 0): Buffer =>
  frame('headers', endStream | endHeaders | flags, stream, block(authority));

async function listening(t: ExecutionContext): Promise<string> {
  const server = createHttp2Server((asked, response) => response.end(asked.headers[':authority'] ?? 'none'));
  const listener = await Listener.open({
    address: parseAddress('http://127.0.0.1:0'),
    serveHttp2: (socket) => void server.emit('connection', socket),
    settings: { maxConcurrentStreams: 7 },
    serveHttp1: (_, response) => response.end(),
    logger: silentLogger,
    limits: { graceMs: 100, handshakeMs: 2_000 },
  });
  t.teardown(() => listener.close());
  return listener.address.text;
}

async function opened(t: ExecutionContext, url: string): Promise<Socket> {
  const socket = await rawConnection(url);
  t.teardown(() => socket.destroy());
  socket.write(opening);
  await once(socket, 'data');
  return socket;
}

/** The bodies of as many answers, as far as they are text. */
async function answers(socket: Socket, count: number): Promise<readonly string[]> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const bodies = bodiesIn(seen);
    if (bodies.length === count) return bodies;
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    seen = Buffer.concat([seen, chunk]);
  }
}

function bodiesIn(seen: Buffer): string[] {
  const bodies: string[] = [];
  for (let at = 0; at + 9 <= seen.length; ) {
    const [end, type] = [at + 9 + seen.readUIntBE(at, 3), seen[at + 3]];
    if (type === 3) bodies.push('reset');
    if (type === 0 && end > at + 9 && end <= seen.length) bodies.push(seen.toString('utf8', at + 9, end));
    at = end;
  }
  return bodies;
}

const url = 'http://10.0.0.1:2379';

test('a URL for the authority is taken, and so is what refers to it later', async (t) => {
  const socket = await opened(t, await listening(t));
  socket.write(Buffer.concat([acknowledged, request(1, named(url))]));
  t.deepEqual(await answers(socket, 1), ['etcd']);
  socket.write(Buffer.concat([request(3, asBefore), request(5, asBefore)]));
  t.deepEqual(await answers(socket, 2), ['etcd', 'etcd']);
});

test('it may come byte by byte, before the answer to the settings, and with a priority', async (t) => {
  const socket = await opened(t, await listening(t));
  const withPriority = Buffer.concat([Buffer.alloc(5), block(named(url))]);
  const first = frame('headers', endStream | endHeaders | priority, 1, withPriority);
  const window = frame('windowUpdate', 0, 0, Buffer.of(0, 0, 0, 1));
  for (const byte of Buffer.concat([window, first, request(3, asBefore), acknowledged])) socket.write(Buffer.of(byte));
  t.deepEqual(await answers(socket, 2), ['etcd', 'etcd']);
});

test('any other authority is left as it is', async (t) => {
  const at = await listening(t);
  for (const authority of ['10.0.0.1:2379', 'http', 'http:80']) {
    const socket = await opened(t, at);
    socket.write(Buffer.concat([acknowledged, request(1, named(authority))]));
    t.deepEqual(await answers(socket, 1), [authority]);
  }
  const socket = await opened(t, at);
  const withPadding = Buffer.concat([Buffer.of(2), block(named('a')), Buffer.alloc(2)]);
  socket.write(Buffer.concat([acknowledged, frame('headers', endStream | endHeaders | padded, 1, withPadding)]));
  t.deepEqual(await answers(socket, 1), ['a']);
});

test('whoever asks for nothing yet is served later all the same', async (t) => {
  const socket = await opened(t, await listening(t));
  socket.write(acknowledged);
  await delay(1_200);
  socket.write(request(1, named('a')));
  t.deepEqual(await answers(socket, 1), ['a']);
});

test('who takes a while to answer the settings is waited for', async (t) => {
  const socket = await opened(t, await listening(t));
  await delay(1_200);
  socket.write(Buffer.concat([acknowledged, request(1, named('a'))]));
  t.deepEqual(await answers(socket, 1), ['a']);
});

test('whoever does not answer the settings is cut off', async (t) => {
  const socket = await opened(t, await listening(t));
  socket.write(request(1, named(url)));
  await once(socket, 'close', { signal: AbortSignal.timeout(5_000) });
  t.true(socket.destroyed);
});

test('whatever comes then, the others do not notice', async (t) => {
  const at = await listening(t);
  const types = fc.constantFrom('data', 'headers', 'settings', 'windowUpdate');
  const piece = fc.oneof(
    fc
      .record({ type: types, flags: fc.nat(255), payload: fc.uint8Array({ maxLength: 40 }) })
      .map(({ type, flags, payload }) => frame(type as 'data', flags, 1, payload)),
    fc
      .record({ flags: fc.nat(255), payload: fc.uint8Array({ maxLength: 40 }) })
      .map(({ flags, payload }) => frame('headers', flags, 1, block(Buffer.concat([named(url), payload])))),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
      const socket = await rawConnection(at);
      socket.write(Buffer.concat([opening, acknowledged, ...pieces]));
      await once(socket, 'data');
      socket.write(Buffer.concat([acknowledged, ...pieces]));
      socket.end();
    }),
    { numRuns: 200 },
  );
  const client = connectHttp2(at);
  t.teardown(() => client.close());
  const stream = client.request({ ':path': '/' });
  const [headers] = await once(stream, 'response');
  t.is(headers[':status'], 200);
});

judge('etcdctl').test('etcdctl asks single members by their URLs', async (t) => {
  const { url: endpoint } = await startFront(t);
  const env = { ...process.env, ETCDCTL_API: '3' };
  for (const words of [['endpoint', 'status'], ['endpoint', 'hashkv'], ['defrag']]) {
    const { stdout } = await promisify(execFile)('etcdctl', [`--endpoints=${endpoint}`, ...words], { env });
    t.true(stdout.includes(endpoint), stdout);
  }
});
