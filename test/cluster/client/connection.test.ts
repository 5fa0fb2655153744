import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { type ConnectOptions, connect, type EtcdClient } from '../../../cluster/client/client.js';
import { ClusterError, type ClusterErrorCode } from '../../../cluster/errors.js';
import { kvMethods } from '../../../cluster/wire/services.js';
import { testAuthority } from '../../certificates.js';
import { freePort } from '../../ports.js';

type Answer = 'serve' | 'hang' | { code: number; details: string };

/** A gRPC server that answers gets and puts as told, and counts them. One that hangs does so in puts. */
async function server(t: ExecutionContext, answer: Answer, credentials = ServerCredentials.createInsecure()) {
  const seen = { puts: 0, gets: 0 };
  const grpc = new Server();
  const handle = (kind: keyof typeof seen) => (_: unknown, reply: (error: object | null, value?: object) => void) => {
    seen[kind] += 1;
    if (answer === 'serve' || (answer === 'hang' && kind === 'gets')) reply(null, {});
    else if (answer !== 'hang') reply(answer);
  };
  grpc.addService({ put: kvMethods.put, range: kvMethods.range }, { put: handle('puts'), range: handle('gets') });
  const port = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  t.teardown(() => grpc.forceShutdown());
  return { endpoint: `127.0.0.1:${port}`, seen, stop: () => grpc.forceShutdown() };
}

function client(t: ExecutionContext, endpoints: string[], tls?: ConnectOptions['tls']): EtcdClient {
  const made = connect({ endpoints, ...(tls && { tls }) });
  t.teardown(() => made.close());
  return made;
}

async function refused(t: ExecutionContext, code: ClusterErrorCode, call: Promise<unknown>): Promise<ClusterError> {
  const error = await t.throwsAsync(call, { instanceOf: ClusterError });
  t.is(error?.code, code, error?.message);
  return error as ClusterError;
}

const nobody = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

async function listener(t: ExecutionContext, accept: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    accept(socket);
  }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

test('a refused connection names the endpoint and the reason', async (t) => {
  const endpoint = await nobody();
  const error = await refused(t, 'connection-failed', client(t, [endpoint]).get('k'));
  t.is(error.message, `${endpoint}: connection refused`);
  t.truthy(error.hint);
});

test('a name that does not resolve is said to be one', async (t) => {
  const error = await refused(t, 'connection-failed', client(t, ['nowhere.invalid:1']).get('k'));
  t.regex(error.message, /does not resolve/);
});

test('a listener that says nothing fails the connection at the deadline, not the request', async (t) => {
  const tls = await (await testAuthority(t)).client('app');
  const endpoint = await listener(t, () => undefined);
  const error = await refused(t, 'connection-failed', client(t, [endpoint], tls).get('k', { timeoutMs: 200 }));
  t.regex(error.message, /no connection within 200 ms/);
});

test('a server that does not answer is a timeout, for the request may have reached it', async (t) => {
  const { endpoint } = await server(t, 'hang');
  const connected = client(t, [endpoint]);
  await connected.get('k');
  const error = await refused(t, 'timeout', connected.put('k', 'v', { timeoutMs: 200 }));
  t.regex(error.message, /no answer within 200 ms/);
});

test('a certificate for another host is refused, also for an address', async (t) => {
  const authority = await testAuthority(t);
  const { cert, key } = await authority.server(['elsewhere.example']);
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const { endpoint } = await server(t, 'serve', ServerCredentials.createSsl(null, [pair]));
  const error = await refused(t, 'connection-failed', client(t, [endpoint], { ca: authority.ca }).get('k'));
  t.regex(error.message, /not for this host/);
});

test('a certificate for the address is accepted', async (t) => {
  const authority = await testAuthority(t);
  const { cert, key } = await authority.server(['127.0.0.1']);
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const { endpoint } = await server(t, 'serve', ServerCredentials.createSsl(null, [pair]));
  t.is(await client(t, [endpoint], { ca: authority.ca }).get('k'), undefined);
});

test('an aborted call is cancelled at once, and one that starts aborted is not sent', async (t) => {
  const { endpoint, seen } = await server(t, 'hang');
  const controller = new AbortController();
  const call = client(t, [endpoint]).put('k', 'v', { signal: controller.signal });
  while (seen.puts === 0) await new Promise(setImmediate);
  controller.abort();
  await refused(t, 'cancelled', call);
  await refused(t, 'cancelled', client(t, [endpoint]).put('k', 'v', { signal: AbortSignal.abort() }));
  t.is(seen.puts, 1);
});

test('a call goes on to the next endpoint when nobody listens at the first, and stays there', async (t) => {
  const { endpoint, seen } = await server(t, 'serve');
  const both = client(t, [await nobody(), endpoint]);
  await both.put('k', 'v');
  await both.get('k');
  t.deepEqual(seen, { puts: 1, gets: 1 });
});

test('a read goes on from a member without a leader, a write does not', async (t) => {
  const leaderless = await server(t, { code: status.UNAVAILABLE, details: 'etcdserver: no leader' });
  const healthy = await server(t, 'serve');
  await refused(t, 'no-leader', client(t, [leaderless.endpoint, healthy.endpoint]).put('k', 'v'));
  await client(t, [leaderless.endpoint, healthy.endpoint]).get('k');
  t.deepEqual(
    [leaderless.seen, healthy.seen],
    [
      { puts: 1, gets: 1 },
      { puts: 0, gets: 1 },
    ],
  );
});

test('a write whose answer was lost is not sent again elsewhere', async (t) => {
  const hanging = await server(t, 'hang');
  const healthy = await server(t, 'serve');
  const call = client(t, [hanging.endpoint, healthy.endpoint]).put('k', 'v');
  while (hanging.seen.puts === 0) await new Promise(setImmediate);
  hanging.stop();
  await t.throwsAsync(call, { instanceOf: ClusterError });
  t.is(healthy.seen.puts, 0);
});

test('when no endpoint answers, each is named with its reason', async (t) => {
  const [one, other] = [await nobody(), await nobody()];
  const error = await refused(t, 'connection-failed', client(t, [one, other]).get('k'));
  t.is(error.message, `no endpoint answered: ${one}: connection refused; ${other}: connection refused`);
});

test('a text that is not one of etcd keeps its gRPC code in the details', async (t) => {
  const { endpoint } = await server(t, { code: status.DATA_LOSS, details: 'odd' });
  const error = await refused(t, 'remote', client(t, [endpoint]).get('k'));
  t.like(error.details, { grpcCode: status.DATA_LOSS, details: 'odd' });
});

test('what is too large for gRPC is too large, in the words of grpc-go too', async (t) => {
  const details = 'grpc: received message larger than max (3000000 vs. 2097152)';
  const { endpoint } = await server(t, { code: status.RESOURCE_EXHAUSTED, details });
  await refused(t, 'request-too-large', client(t, [endpoint]).put('k', 'v'));
});

test('a method that the server does not have is unimplemented', async (t) => {
  const { endpoint } = await server(t, 'serve');
  await refused(t, 'unimplemented', client(t, [endpoint]).auth.userList());
});

test('a client without endpoints, or asked for another than its own, is refused', async (t) => {
  t.throws(() => connect({ endpoints: [] }), { instanceOf: ClusterError });
  const { endpoint } = await server(t, 'serve');
  await refused(t, 'invalid-argument', client(t, [endpoint]).status('127.0.0.1:1'));
});
