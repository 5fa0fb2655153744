import { once } from 'node:events';
import { constants } from 'node:http2';
import { Client, credentials } from '@grpc/grpc-js';
import test from 'ava';
import { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { healthMethods, kvMethods } from '../../../cluster/wire/services.js';
import { eventually } from '../transport/eventually.js';
import { startMember } from './member.js';
import { ask, framed, openSession, type RawCall, statusText } from './raw-calls.js';

// gRPC over HTTP/2 (PROTOCOL-HTTP2.md) where the clients that judge us elsewhere never tread.

const put = kvMethods.put.path;
const message = Buffer.from(
  etcdserverpb.PutRequest.encode({ key: Buffer.from('k'), value: Buffer.from('v') }).finish(),
);
const frame = framed(message);

const asked: readonly (readonly [what: string, call: RawCall, status: string])[] = [
  ['one message', { path: put, chunks: [frame] }, '0'],
  ['a message byte by byte', { path: put, chunks: [...frame].map((byte) => Buffer.of(byte)) }, '0'],
  ['+proto', { path: put, chunks: [frame], headers: { 'content-type': 'application/grpc+proto' } }, '0'],
  ['no message', { path: put }, '12 no request message came, and the method takes one'],
  [
    'two messages',
    { path: put, chunks: [Buffer.concat([frame, frame])] },
    '12 a second request message came, and the method takes one',
  ],
  [
    'a message and the beginning of another',
    { path: put, chunks: [frame, Buffer.of(0)] },
    '12 a second request message came, and the method takes one',
  ],
  ['half a header', { path: put, chunks: [Buffer.of(0, 0)] }, '13 the request ended in the middle of a message'],
  ['half a message', { path: put, chunks: [frame.subarray(0, 7)] }, '13 the request ended in the middle of a message'],
  [
    'bytes that are no message',
    { path: put, chunks: [framed(Buffer.of(0))] },
    '13 grpc: error unmarshalling request: proto: cannot parse invalid wire-format data',
  ],
  [
    'a message said to be compressed',
    { path: put, chunks: [framed(message, 1)] },
    '13 a compressed message without a grpc-encoding',
  ],
  [
    'a compressed message',
    { path: put, chunks: [framed(message, 1)], headers: { 'grpc-encoding': 'gzip' } },
    '12 messages in the encoding "gzip" are not taken',
  ],
  ['the encoding that is none', { path: put, chunks: [frame], headers: { 'grpc-encoding': 'identity' } }, '0'],
  [
    'the length of a message that is too large',
    { path: put, chunks: [Buffer.of(0, 255, 0, 0, 0)] },
    '8 grpc: received message larger than max (4278190080 vs. 2097152)',
  ],
  [
    'a method that is not there',
    { path: '/etcdserverpb.KV/N%C3%B6', chunks: [frame] },
    '12 unknown method N%C3%B6 for service etcdserverpb.KV',
  ],
  ['a service that is not there', { path: '/a.b.C/D', chunks: [frame] }, '12 unknown service a.b.C'],
  ['a path of one part', { path: '/x', chunks: [frame] }, '12 malformed method name: "/x"'],
  ['a deadline far away', { path: put, chunks: [frame], headers: { 'grpc-timeout': '99999999H' } }, '0'],
  ['a deadline in no unit', { path: put, headers: { 'grpc-timeout': '5x' } }, '13 Invalid grpc-timeout value "5x"'],
];

for (const [what, call, status] of asked) {
  test(`asked with ${what}, the member answers ${status.split(' ')[0]} on an HTTP 200`, async (t) => {
    const answer = await ask(openSession(t, await startMember(t)), call);
    t.is(Number(answer.headers?.[':status']), 200);
    t.is(answer.headers?.['content-type'], 'application/grpc');
    t.is(statusText(answer), status);
    t.is(answer.trailers === undefined, status !== '0');
    t.is(answer.body.length > 5, status === '0');
  });
}

test('a deadline that passes while the handler is at work is answered as that, once', async (t) => {
  const member = await startMember(t);
  let letGo = (): void => undefined;
  member.log.before = () =>
    new Promise<void>((resolve) => {
      letGo = resolve;
    });
  const session = openSession(t, member);
  const late = await ask(session, { path: put, chunks: [frame], headers: { 'grpc-timeout': '20m' } });
  t.is(statusText(late), '4 Deadline exceeded');
  letGo();
  t.is(statusText(await ask(session, { path: put, chunks: [frame] })), '0');
});

test('an encoding that is not taken is answered with the one that is', async (t) => {
  const answer = await ask(openSession(t, await startMember(t)), { path: put, headers: { 'grpc-encoding': 'zstd' } });
  t.is(answer.headers?.['grpc-accept-encoding'], 'identity');
});

test('what is refused before it was read is answered in full, and the rest of it not waited for', async (t) => {
  const member = await startMember(t);
  const client = new Client(member.endpoint.replace('http://', ''), credentials.createInsecure());
  t.teardown(() => client.close());
  const asIs = (value: Buffer): Buffer => value;
  for (const path of ['/etcdserverpb.KV/Nothing', put]) {
    const error = await new Promise<{ code?: number } | null>((resolve) =>
      client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(20_000_000), resolve),
    );
    t.is(error?.code, path === put ? 8 : 12);
  }
  const session = openSession(t, member);
  const endless = session.request({ ':method': 'POST', ':path': '/no/method', 'content-type': 'application/grpc' });
  endless.on('error', () => undefined).resume();
  endless.write(Buffer.alloc(100));
  await once(endless, 'close');
  t.is(endless.rstCode, constants.NGHTTP2_NO_ERROR);
});

test('calls that the client has reset cost the others on the connection nothing', async (t) => {
  const member = await startMember(t);
  const session = openSession(t, member);
  let [begun, letGo] = [0, (): void => undefined];
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const hold = (): Promise<void> => {
    begun += 1;
    member.log.before = hold;
    return held;
  };
  member.log.before = hold;
  for (let n = 0; n < 50; n++) {
    const stream = session.request({ ':method': 'POST', ':path': put, 'content-type': 'application/grpc' });
    stream.on('error', () => undefined);
    stream.end(frame);
  }
  await eventually('all being at work', () => begun === 50);
  const unfinished = session.request({ ':method': 'POST', ':path': put, 'content-type': 'application/grpc' });
  unfinished.on('error', () => undefined).write(frame.subarray(0, 7));
  const reset = ask(session, { path: put, chunks: [frame] });
  letGo();
  unfinished.close(constants.NGHTTP2_CANCEL);
  t.is(statusText(await reset), '0');
});

test('a flood of resets ends its connection and no other', async (t) => {
  const member = await startMember(t);
  const [hostile, other] = [openSession(t, member), openSession(t, member)];
  await once(hostile, 'remoteSettings');
  const ended = new Promise((resolve) => hostile.once('close', resolve));
  const flood = (): void => {
    for (let n = 0; n < 200 && !hostile.closed && !hostile.destroyed; n++) {
      const stream = hostile.request({ ':method': 'POST', ':path': put, 'content-type': 'application/grpc' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    if (!hostile.closed && !hostile.destroyed) setImmediate(flood);
  };
  flood();
  await ended;
  t.is(statusText(await ask(other, { path: put, chunks: [frame] })), '0');
});

test('a connection says how many calls it takes at a time', async (t) => {
  const session = openSession(t, await startMember(t));
  await once(session, 'remoteSettings');
  t.is(session.remoteSettings.maxConcurrentStreams, 4096);
});

test('after closing, a connection is told to go away and a new one is not taken', async (t) => {
  const member = await startMember(t);
  const session = openSession(t, member);
  await ask(session, { path: put, chunks: [frame] });
  const told = once(session, 'goaway');
  const gone = once(session, 'close');
  await member.front.close();
  t.deepEqual((await told)[0], constants.NGHTTP2_NO_ERROR);
  await gone;
  await once(openSession(t, member), 'close');
  await member.front.close();
});

const pages: readonly (readonly [what: string, headers: Record<string, string>, status: number, body: RegExp])[] = [
  ['GET /health', { ':method': 'GET', ':path': '/health' }, 200, /^\{"health":"true","reason":""\}$/],
  ['HEAD /health', { ':method': 'HEAD', ':path': '/health' }, 405, /^$/],
  ['POST /health', { ':method': 'POST', ':path': '/health' }, 405, /^Method Not Allowed\n$/],
  ['GET of a method', { ':method': 'GET', ':path': put, 'content-type': 'application/grpc' }, 405, /^$/],
  ['a method with JSON', { ':method': 'POST', ':path': put, 'content-type': 'application/json' }, 415, /^$/],
  [
    'a method with gRPC in JSON',
    { ':method': 'POST', ':path': put, 'content-type': 'application/grpc+json' },
    415,
    /^$/,
  ],
  ['GET /nothing', { ':method': 'GET', ':path': '/nothing' }, 404, /^404 page not found\n$/],
];

for (const [what, headers, status, body] of pages) {
  test(`${what} over HTTP/2 is answered with ${status}, and no gRPC status`, async (t) => {
    const session = openSession(t, await startMember(t));
    const stream = session.request(headers, { endStream: true });
    const [answer] = await once(stream, 'response');
    t.is(answer[':status'], status);
    t.is(answer['grpc-status'], undefined);
    t.regex(Buffer.concat(await stream.toArray()).toString(), body);
  });
}

test('a health watch is open while the client reads nothing, and ends with the client', async (t) => {
  const member = await startMember(t);
  const session = openSession(t, member);
  const { path, requestSerialize } = healthMethods.watch;
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  stream.on('error', () => undefined);
  stream.end(framed(requestSerialize({ service: '' })));
  const [first] = await once(stream, 'data');
  t.deepEqual([...first], [0, 0, 0, 0, 2, 8, 1]);
  stream.close(constants.NGHTTP2_CANCEL);
  await once(stream, 'close');
  const began = performance.now();
  await member.front.close(60_000);
  t.true(performance.now() - began < 30_000, 'nothing is left that it would wait for');
});
