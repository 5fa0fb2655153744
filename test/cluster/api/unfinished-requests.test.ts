import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { etcdserverpb } from '../../../cluster/wire/generated/messages.js';
import { kvMethods, watchMethods } from '../../../cluster/wire/services.js';
import { callFrames, opening, rawConnection } from '../../raw-http2.js';
import { eventually } from '../transport/eventually.js';
import { startFront, type TestFront } from './http/front.js';
import { ask, framed, openSession, statusText } from './raw-calls.js';

const { put } = kvMethods;
const putOf = (bytes: number): Buffer =>
  framed(etcdserverpb.PutRequest.encode({ key: Buffer.from('k'), value: Buffer.alloc(bytes) }).finish());
const refusal = 'too much of requests has come that are not over, and most of it on this connection';

const sessionOf = (t: ExecutionContext, front: TestFront): ClientHttp2Session =>
  openSession(t, { ...front, endpoint: front.url });

/** Says all of a request but its last byte. Gives how it was refused, should it be. */
function unfinished(session: ClientHttp2Session, path: string, message: Buffer) {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream: ClientHttp2Stream = session.request(headers);
  stream.on('error', () => undefined).resume();
  stream.write(message.subarray(0, -1));
  const refused = once(stream, 'response').then(([seen]: IncomingHttpHeaders[]) =>
    decodeURIComponent(String(seen?.['grpc-message'])),
  );
  return { stream, refused };
}

for (const [what, path] of [
  ['requests', put.path],
  ['messages of streams', watchMethods.watch.path],
] as const) {
  test(`who begins many ${what} and ends none is refused more once all that has come is too much; others go on, and so does it when it has given up`, async (t) => {
    const front = await startFront(t, { receivedBytesMax: 1024 ** 2 });
    const [hog, bystander] = [sessionOf(t, front), sessionOf(t, front)];
    const large = putOf(700_000);
    const begun = [1, 2].map(() => unfinished(hog, path, large));
    t.is(await Promise.race(begun.map(({ refused }) => refused)), refusal);
    for (let times = 0; times < 3; times++) {
      t.is(statusText(await ask(bystander, { path: put.path, chunks: [putOf(300_000)] })), '0');
    }
    // One of them lives on until it is given up.
    const living = await eventually('the other is closed', () => {
      const open = begun.filter(({ stream }) => !stream.destroyed);
      return open.length === 1 ? open : undefined;
    });
    const closed = living.map(({ stream }) => once(stream, 'close'));
    for (const { stream } of living) stream.close();
    await Promise.all(closed);
    const again = { path: put.path, chunks: [large.subarray(0, 300_000), large.subarray(300_000)] };
    t.is(statusText(await ask(hog, again)), '0');
  });
}

test('thousands of calls that are never finished leave their own connection and others as they were', async (t) => {
  const front = await startFront(t);
  const socket = await rawConnection(front.url);
  t.teardown(() => socket.destroy());
  socket.resume().write(opening('largest'));
  for (let stream = 1; stream <= 2 * 3000; stream += 2) {
    const { path } = stream % 4 === 1 ? put : watchMethods.watch;
    socket.write(callFrames(stream, path, Buffer.of(0, 0, 0), false));
  }
  socket.write(callFrames(6001, put.path, putOf(10), true));
  await eventually('the last call is answered', () => front.kv.revision >= 2);
  t.is(statusText(await ask(sessionOf(t, front), { path: put.path, chunks: [putOf(10)] })), '0');
});

/** Opens a connection of HTTP/1.1 and says this. */
function say(t: ExecutionContext, { url }: TestFront, text: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  t.teardown(() => socket.destroy());
  socket.write(text);
  return socket.resume();
}

const head = (path: string): string => `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n`;

for (const [what, text] of [
  ['that never comes', head('/v3/kv/put')],
  ['of a stream whose first message never comes', head('/v3/watch')],
  ['of a stream that ends in the middle of a message', `${head('/v3/watch')}{"create_request":{"key":"aw=="}} {"cre`],
] as const) {
  test(`a body ${what} holds its connection for some time only`, async (t) => {
    const front = await startFront(t, { bodyMs: 100 });
    await once(say(t, front, text), 'close');
    t.pass();
  });
}

test('a stream of JSON lives on after its first message, however long nothing comes', async (t) => {
  const bodyMs = 100;
  const front = await startFront(t, { bodyMs });
  let heard = '';
  const socket = say(t, front, `${head('/v3/watch')}{"create_request":{"key":"aw=="}}\n`);
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  await eventually('the watch is there', () => heard.includes('"created":true'));
  // Another that is silent from the beginning shows that the time is over.
  await once(say(t, front, head('/v3/watch')), 'close');
  await front.client().put('k', 'v');
  await eventually('the event comes', () => heard.includes('"value":"dg=="'));
  t.false(socket.destroyed);
});
