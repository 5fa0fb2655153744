import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Client, type ClientDuplexStream, credentials, status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { Call } from '../../../cluster/api/call.js';
import { Connection } from '../../../cluster/api/connection.js';
import type { BidirectionalHandler, CallContext } from '../../../cluster/api/context.js';
import { IncomingMessages } from '../../../cluster/api/incoming-messages.js';
import { bidirectional } from '../../../cluster/api/kinds.js';
import { Received } from '../../../cluster/api/received.js';
import { etcdSlowLimits, SlowRequests } from '../../../cluster/api/slow-requests.js';
import { ClusterError } from '../../../cluster/errors.js';
import { Measures } from '../../../cluster/measures.js';
import type { RequestOf, ResponseOf } from '../../../cluster/wire/method.js';
import { watchMethods } from '../../../cluster/wire/services.js';
import { eventually, recordingLogger } from '../transport/eventually.js';
import { framed } from './raw-calls.js';
import { heldAnswers } from './readers.js';

const method = watchMethods.watch;
const bytesMax = 1024 * 1024;
type Request = RequestOf<typeof method>;
type Response = ResponseOf<typeof method>;
type Handler = (requests: AsyncIterable<Request>, context: CallContext) => AsyncIterable<Response>;
type Talk = ClientDuplexStream<Request | Buffer, { watchId?: unknown; cancelReason?: string }>;

interface Served {
  /** What the handler of the latest call sees of it. */
  call(): Call;
  session(): ServerHttp2Session;
  readonly logger: ReturnType<typeof recordingLogger>;
  open(): Talk;
}

/** One bidirectional method on node:http2, as the member serves it, and grpc-js to call it. */
async function serve(t: ExecutionContext, handler: Handler): Promise<Served> {
  const logger = recordingLogger();
  const telling: BidirectionalHandler<Request, Response> = async (requests, context, replies) => {
    for await (const response of handler(requests, context)) await replies.send(response);
  };
  const served = bidirectional(method, telling, {
    desk: { checkLeader: () => {}, checkLearner: () => {} },
    requestBytesMax: bytesMax,
    logger,
    measures: new Measures(),
    slow: new SlowRequests(logger, etcdSlowLimits),
    audit: undefined,
  });
  if (served.kind !== 'bidirectional') throw new Error('another kind');
  let latest: { call: Call; session: ServerHttp2Session } | undefined;
  const server = createServer().listen(0, '127.0.0.1');
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const session = stream.session as ServerHttp2Session;
    const call = new Call(
      stream,
      headers,
      new Connection(session, session.socket, heldAnswers(), new Received(1024 ** 2)),
    );
    latest = { call, session };
    void served.serve(
      new IncomingMessages(stream, bytesMax, new Received(1024 ** 2).share(), (refusal) => call.end(refusal)),
      call,
    );
  });
  await once(server, 'listening');
  const client = new Client(`127.0.0.1:${(server.address() as AddressInfo).port}`, credentials.createInsecure());
  t.teardown(() => {
    client.close();
    server.close();
  });
  const serialize = (request: Request | Buffer): Buffer =>
    Buffer.isBuffer(request) ? request : method.requestSerialize(request as never);
  return {
    call: () => latest?.call as Call,
    session: () => latest?.session as ServerHttp2Session,
    logger,
    open: () => client.makeBidiStreamRequest(method.path, serialize, method.responseDeserialize),
  };
}

/** How the call ended, and what was answered until then. */
async function talked(talk: Talk): Promise<{ seen: (string | undefined)[]; end: string }> {
  const seen: (string | undefined)[] = [];
  const end = new Promise<string>((resolve) => {
    talk.on('status', ({ code, details }) => resolve(`${status[code]} ${details}`.trim()));
  });
  talk.on('error', () => undefined);
  talk.on('data', ({ cancelReason }) => seen.push(cancelReason));
  return { end: await end, seen };
}

const asking = (id: number) => ({ cancelRequest: { watchId: id } }) as unknown as Request;
const idOf = (request: Request): number => Number(request.cancelRequest?.watchId ?? 0);

const echo: Handler = async function* (requests) {
  for await (const request of requests) yield { cancelReason: `heard ${idOf(request)}` };
};

test('each request is answered as it comes, and the stream ends well after the last', async (t) => {
  const talk = (await serve(t, echo)).open();
  const end = talked(talk);
  for (let id = 1; id <= 3; id++) talk.write(asking(id));
  talk.end();
  t.deepEqual(await end, { end: 'OK', seen: ['heard 1', 'heard 2', 'heard 3'] });
});

test('answers need no request, and go on after the client has said all', async (t) => {
  const { open } = await serve(t, async function* (requests) {
    yield { cancelReason: 'welcome' };
    for await (const _ of requests) yield { cancelReason: 'never' };
    yield { cancelReason: 'still here' };
  });
  const talk = open();
  const end = talked(talk);
  talk.end();
  t.deepEqual(await end, { end: 'OK', seen: ['welcome', 'still here'] });
});

test('a handler that ends first ends the stream, whether the client has said all or not', async (t) => {
  const { open } = await serve(t, async function* () {
    yield { cancelReason: 'that is all' };
  });
  t.deepEqual(await talked(open()), { end: 'OK', seen: ['that is all'] });
});

test('what a handler throws ends the stream with its status, after the answers before', async (t) => {
  const { open, logger } = await serve(t, async function* (requests) {
    for await (const request of requests) {
      if (idOf(request) === 2) throw new ClusterError('no-leader', 'it is gone');
      if (idOf(request) === 3) throw new Error('a secret');
      yield { cancelReason: 'one' };
    }
  });
  for (const [id, end] of [
    [2, 'UNAVAILABLE etcdserver: no leader'] as const,
    [3, 'INTERNAL internal error'] as const,
  ]) {
    const talk = open();
    talk.write(asking(1));
    talk.write(asking(id));
    t.deepEqual(await talked(talk), { end, seen: ['one'] });
  }
  t.deepEqual(
    logger.lines.map(({ message }) => message),
    ['a request failed'],
  );
});

test('a client that gives up ends the requests and aborts the signal', async (t) => {
  let over = false;
  const { open } = await serve(t, async function* (requests, { signal }) {
    yield { cancelReason: 'here' };
    for await (const _ of requests) yield {};
    if (!signal.aborted) await once(signal, 'abort');
    over = true;
  });
  const talk = open();
  talk.on('error', () => undefined);
  await once(talk, 'data');
  talk.cancel();
  t.true(await eventually('the end', () => over));
});

test('a client whose connection is lost breaks its requests off and aborts the signal', async (t) => {
  const codes: string[] = [];
  const { open, call, session } = await serve(t, async function* (requests) {
    yield { cancelReason: 'here' };
    try {
      for await (const _ of requests) yield {};
    } catch (error) {
      codes.push((error as ClusterError).code);
    }
  });
  const talk = open();
  talk.on('error', () => undefined);
  await once(talk, 'data');
  const { signal } = call();
  session().destroy();
  await eventually('the end of the requests', () => codes.length > 0);
  t.deepEqual([codes, signal.aborted], [['cancelled'], true]);
});

test('a call that is abandoned ends at once, with what was said before, and aborts its handler', async (t) => {
  const { open, call } = await serve(t, async function* (_, { signal }) {
    yield { cancelReason: 'here' };
    await once(signal, 'abort');
    yield { cancelReason: 'too late' };
  });
  const talk = open();
  const end = talked(talk);
  await once(talk, 'data');
  call().abandon({ code: status.UNAVAILABLE, text: 'gone' });
  t.deepEqual(await end, { end: 'UNAVAILABLE gone', seen: ['here'] });
});

test('a client can send ahead of the handler by no more than its window', async (t) => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let taken = 0;
  const { open } = await serve(t, async function* (requests) {
    yield { cancelReason: 'not yet' };
    await held;
    for await (const _ of requests) taken += 1;
    yield { cancelReason: `${taken}` };
  });
  const talk = open();
  const end = talked(talk);
  const large = Buffer.alloc(100_000);
  large.set(method.requestSerialize({ createRequest: { key: Buffer.alloc(99_980) } } as never));
  let accepted = 0;
  for (; accepted < 40; accepted++) talk.write(large.subarray(0, 99_988), () => undefined);
  talk.end();
  await once(talk, 'data');
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  t.is(taken, 0);
  release();
  t.deepEqual((await end).seen, ['not yet', '40']);
});

const wrong: readonly (readonly [what: string, bytes: Buffer, end: string])[] = [
  [
    'a message that is too large',
    method.requestSerialize({ createRequest: { key: Buffer.alloc(bytesMax) } } as never),
    'RESOURCE_EXHAUSTED grpc: received message larger than max (1048584 vs. 1048576)',
  ],
  ['bytes that are no message', Buffer.of(255), 'INTERNAL grpc: error unmarshalling request: unexpected EOF'],
];

for (const [what, bytes, end] of wrong) {
  test(`${what} ends the stream`, async (t) => {
    const talk = (await serve(t, echo)).open();
    talk.write(asking(1));
    talk.write(bytes);
    t.deepEqual(await talked(talk), { end, seen: ['heard 1'] });
  });
}

test('messages are cut out of whatever pieces they come in, and half of one is told', async (t) => {
  const { PassThrough } = await import('node:stream');
  const refusals: string[] = [];
  const stream = new PassThrough();
  const messages = new IncomingMessages(stream, 100, new Received(1024).share(), ({ text }) => refusals.push(text));
  const bytes = Buffer.concat([framed(Buffer.from('one')), framed(Buffer.alloc(0)), framed(Buffer.from('three'))]);
  for (const byte of bytes) stream.write(Buffer.of(byte));
  stream.end(framed(Buffer.from('cut')).subarray(0, 7));
  const seen: string[] = [];
  const error = await t.throwsAsync<ClusterError>(async () => {
    for await (const message of messages) seen.push(message.toString());
  });
  t.deepEqual([seen, error?.code], [['one', '', 'three'], 'cancelled']);
  t.deepEqual(refusals, ['the request ended in the middle of a message']);
});
