import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { kvMethods } from '../../../cluster/wire/services.js';
import { type TlsFiles, testAuthority } from '../../certificates.js';
import { callFrames, opening, rawConnection } from '../../raw-http2.js';
import { eventually } from '../transport/eventually.js';
import { startFront, type TestFront } from './http/front.js';
import { ask, framed, openSession, statusText } from './raw-calls.js';

const { range, rangeStream, put } = kvMethods;
const key = Buffer.from('large');
const largeBytes = 512 * 1024;
const request = framed(etcdserverpb.RangeRequest.encode({ key }).finish());
const rangeCall = { path: range.path, chunks: [request] };
const mebibyte = 1024 ** 2;

/** Asks, and reads nothing of the answer but its headers; those come once it has been read for. */
function unread(
  session: ClientHttp2Session,
  path = range.path,
): { stream: ClientHttp2Stream; headers: Promise<unknown> } {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  stream.on('error', () => undefined);
  stream.end(request);
  return { stream, headers: once(stream, 'response').then(([seen]: IncomingHttpHeaders[]) => seen?.['grpc-status']) };
}

async function startLarge(t: ExecutionContext, options: Parameters<typeof startFront>[1]): Promise<TestFront> {
  const front = await startFront(t, options);
  await front.state.consensus.propose(
    {
      kind: 'put',
      key,
      value: Buffer.alloc(largeBytes),
      lease: 0n as never,
      prevKv: false,
      ignoreValue: false,
      ignoreLease: false,
    },
    undefined,
  );
  return front;
}

const reads = ({ state }: TestFront): number => state.measures.keys.ranges;
const sessionOf = (t: ExecutionContext, front: TestFront): ClientHttp2Session =>
  openSession(t, { ...front, endpoint: front.url });

test('who reads no answers is read for no further until it has; others go on', async (t) => {
  const front = await startLarge(t, { heldLimits: { connectionBytes: mebibyte } });
  const [hog, bystander] = [sessionOf(t, front), sessionOf(t, front)];
  const before = reads(front);
  const all = Array.from({ length: 20 }, () => unread(hog));
  await Promise.all(all.slice(0, 2).map(({ headers }) => headers));
  const write = {
    path: put.path,
    chunks: [framed(etcdserverpb.PutRequest.encode({ key: Buffer.from('small') }).finish())],
  };
  let isWritten = false;
  const written = ask(hog, write).then((answer) => {
    isWritten = true;
    return answer;
  });
  for (let times = 0; times < 3; times++) t.is(statusText(await ask(bystander, rangeCall)), '0');
  t.is(statusText(await ask(bystander, write)), '0');
  t.is(reads(front) - before, 5);
  t.false(isWritten, 'who is full is not heard, whatever it asks');
  for (const { stream } of all) stream.resume();
  await Promise.all(all.map(({ stream }) => once(stream, 'close')));
  t.is(statusText(await written), '0');
  t.is(reads(front) - before, 23);
});

const hogs = 12;

/** Twenty calls on each of the connections, of which nothing is read: by window, or not even from the socket. */
async function askAll(t: ExecutionContext, url: string, tls: TlsFiles): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: hogs }, async (_, n) => {
      const socket = await rawConnection(url, tls);
      t.teardown(() => socket.destroy());
      if (n % 2 === 0) socket.pause();
      else socket.resume();
      const calls = Array.from({ length: 20 }, (_, call) => callFrames(2 * call + 1, range.path, request, true));
      socket.write(Buffer.concat([opening(n % 2 === 0 ? 'largest' : 'none'), ...calls]));
      return socket;
    }),
  );
}

test('twelve connections over TLS that read nothing are read for as far as each may hold; a bystander notices nothing', async (t) => {
  const authority = await testAuthority(t);
  const front = await startLarge(t, { authority, heldLimits: { connectionBytes: mebibyte } });
  const files = await authority.client('somebody');
  const before = reads(front);
  await askAll(t, front.url, files);
  const bystander = front.client({
    endpoints: [front.url],
    tls: { ca: files.ca, cert: files.cert, key: files.key },
  });
  // Sockets take some megabytes before they are full, and then each connection holds two answers.
  const takes = 8 * mebibyte;
  const readsMax = hogs * (2 + takes / largeBytes);
  await eventually('the connections are read for', () => reads(front) - before >= 2 * hogs);
  for (let times = 0; times < 20; times++) t.truthy(await bystander.put('small', String(times)));
  t.true(reads(front) - before <= readsMax, `${reads(front) - before} reads`);
  t.true(reads(front) - before < 20 * hogs, 'some are still to be read for');
});

test('once all hold too much, connections that take nothing for some time are closed, and others go on', async (t) => {
  const front = await startLarge(t, {
    heldLimits: { connectionBytes: 8 * mebibyte, allBytes: mebibyte, stallMs: 200 },
  });
  const [hog, bystander] = [sessionOf(t, front), sessionOf(t, front)];
  const closed = once(hog, 'close');
  for (let times = 0; times < 10; times++) void unread(hog).headers.catch(() => undefined);
  await closed;
  t.is(statusText(await ask(bystander, rangeCall)), '0');
});

test('streams of answers count, too: who leaves many unread is read for no further, and other calls on its connection are', async (t) => {
  const front = await startLarge(t, {
    heldLimits: { connectionBytes: mebibyte, allBytes: 4 * mebibyte, stallMs: 60_000 },
  });
  const [hog, bystander] = [sessionOf(t, front), sessionOf(t, front)];
  const before = reads(front);
  const streams = Array.from({ length: 40 }, () => unread(hog, rangeStream.path).stream);
  await eventually('some are read for', () => reads(front) - before >= 4);
  t.is(statusText(await ask(bystander, rangeCall)), '0');
  t.true(reads(front) - before <= 14, `${reads(front) - before} reads`);
  const ended = Promise.all(streams.map((stream) => once(stream.resume(), 'close')));
  await ended;
  t.is(reads(front) - before, 41);
});

test('answers of the JSON gateway count, too', async (t) => {
  const front = await startLarge(t, {
    heldLimits: { connectionBytes: mebibyte, allBytes: 2 * mebibyte, stallMs: 200 },
  });
  const { hostname, port } = new URL(front.url);
  const body = JSON.stringify({ key: key.toString('base64') });
  const text = `POST /v3/kv/range HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const sockets = Array.from({ length: 4 }, () => {
    const socket = connectSocket(Number(port), hostname).on('error', () => undefined);
    t.teardown(() => socket.destroy());
    return socket.pause();
  });
  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.write(text.repeat(20));
  // What was closed is seen by who reads to the end of it.
  await eventually('calls were read for', () => reads(front) >= 8);
  t.is(statusText(await ask(sessionOf(t, front), rangeCall)), '0');
  t.true(reads(front) < 80, `${reads(front)} reads`);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
});
