import { once } from 'node:events';
import { type ClientHttp2Stream, connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Call } from '../../../cluster/api/call.js';
import { Connection } from '../../../cluster/api/connection.js';
import { Received } from '../../../cluster/api/received.js';
import { framed } from './raw-calls.js';
import { heldAnswers } from './readers.js';

/** A call as its handler sees it, and its stream as the client has it. */
async function openCall(t: ExecutionContext): Promise<{ call: Call; stream: ClientHttp2Stream }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => undefined);
  t.teardown(() => {
    session.destroy();
    server.close();
  });
  const arrived = once(server, 'stream');
  const stream = session.request({ ':method': 'POST', ':path': '/a/b', 'content-type': 'application/grpc' });
  stream.on('error', () => undefined).end();
  const [incoming, headers] = await arrived;
  incoming.on('error', () => undefined).resume();
  return {
    call: new Call(
      incoming,
      headers,
      new Connection(incoming.session, incoming.session.socket, heldAnswers(), new Received(1024 ** 2)),
    ),
    stream,
  };
}

const answer = framed(Buffer.alloc(64 * 1024));

test('a handler with more to say than the client reads is made to wait, and then gets all of it across', async (t) => {
  const { call, stream } = await openCall(t);
  let written = 0;
  const all = (async () => {
    for (; written < 50; written++) await call.write(answer);
    call.end();
  })();
  await once(stream, 'response');
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  t.true(written < 10, `${written} were written`);
  const trailers = once(stream, 'trailers');
  const bytes = (await stream.toArray()).reduce((sum: number, chunk: Buffer) => sum + chunk.length, 0);
  await all;
  t.is(bytes, 50 * answer.length);
  t.is((await trailers)[0]['grpc-status'], '0');
});

test('a handler that waits for a client to read hears when the client has gone', async (t) => {
  const { call, stream } = await openCall(t);
  const all = (async () => {
    for (let n = 0; n < 50; n++) await call.write(answer);
  })();
  await once(stream, 'response');
  stream.close();
  await t.throwsAsync(all, { name: 'AbortError' });
  t.true(call.over);
  t.true(call.signal.aborted);
  call.answer(answer);
  call.end({ code: 13, text: 'is not sent' });
});
