import { createServer, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { memberId } from '../../../cluster/numbers.js';
import { helloHeaders } from '../../../cluster/transport/hello.js';
import { encodeBatch } from '../../../cluster/transport/message-codec.js';
import { messagesPath } from '../../../cluster/transport/peer-link.js';
import { snapshotPath } from '../../../cluster/transport/snapshot-sender.js';
import { freePort } from '../../ports.js';
import { eventually } from './eventually.js';
import { heartbeat, type Member, openMember } from './peers.js';

// A stream as somebody else might begin it, with node:http, byte by byte.

interface Asked {
  readonly status: number | undefined;
  readonly reason: string | string[] | undefined;
  readonly socket: Socket;
}

function ask(t: ExecutionContext, from: Member, to: Member, path: string, change: OutgoingHttpHeaders = {}) {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'quorate-peer',
    ...helloHeaders(from.identity, to.peer.id),
    ...change,
  };
  return new Promise<Asked>((resolve, reject) => {
    const request = requestHttp({ host: '127.0.0.1', port: to.port, path, headers, agent: false });
    request.on('response', ({ statusCode, headers, socket }) =>
      resolve({ status: statusCode, reason: headers['quorate-reason'], socket }),
    );
    request.on('upgrade', ({ statusCode }, socket) => {
      t.teardown(() => socket.destroy());
      resolve({ status: statusCode, reason: undefined, socket: socket as Socket });
    });
    request.on('error', reject);
    request.end();
  });
}

const framed = (message: Uint8Array): Buffer => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
};

async function pair(t: ExecutionContext, limits = {}) {
  const [one, two] = [await openMember(t, { id: 1n, isStarting: true }), await openMember(t, { id: 2n, limits })];
  two.network.setPeers([one.peer]);
  return [one, two] as const;
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.resume().once('close', () => resolve()));

test('a stream begins with a request to upgrade, and carries frames', async (t) => {
  const [one, two] = await pair(t);
  const { status, socket } = await ask(t, one, two, messagesPath);
  t.is(status, 101);
  // A frame in pieces, and two in one.
  const frame = framed(encodeBatch([heartbeat(one, two, 7)]));
  socket.write(frame.subarray(0, 3));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(Buffer.concat([frame.subarray(3), framed(encodeBatch([heartbeat(one, two, 8)]))]));
  await eventually('the messages', () => two.heard.length === 2);
  t.deepEqual(two.heard, [heartbeat(one, two, 7), heartbeat(one, two, 8)]);
});

test('an empty frame comes back: a sign of life', async (t) => {
  const [one, two] = await pair(t);
  const { socket } = await ask(t, one, two, messagesPath);
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.write(framed(Buffer.alloc(0)));
  t.deepEqual(await answer, framed(Buffer.alloc(0)));
});

test('who asks for signs of life and does not read them is not given what would have to wait', async (t) => {
  const [one, two] = await pair(t);
  const { socket } = await ask(t, one, two, messagesPath);
  socket.pause();
  const many = Buffer.alloc(5 * 200_000);
  for (let n = 0; n < 30; n++) await new Promise((resolve) => socket.write(many, resolve));
  let givenBytes = 0;
  socket.on('data', ({ length }) => {
    givenBytes += length;
  });
  socket.resume();
  socket.write(framed(encodeBatch([heartbeat(one, two, 7)])));
  await eventually('the message', () => two.heard.length === 1);
  // What comes now is what the system's buffers held.
  for (let before = -1; before !== givenBytes; await new Promise((resolve) => setTimeout(resolve, 200)))
    before = givenBytes;
  t.true(givenBytes > 0);
  t.true(givenBytes < 15 * many.length);
});

test('who gives no sign of life is gone', async (t) => {
  const [one, two] = await pair(t, { pingMs: 20, pingsMissedMax: 3 });
  const { socket } = await ask(t, one, two, messagesPath);
  await closed(socket);
  t.pass();
});

test('who does not read what is sent to it is gone, and so is what waited', async (t) => {
  const [one, two] = await pair(t, { pingMs: 50, pingsMissedMax: 3 });
  two.network.onQuestion('large', async () => new Uint8Array(32 * 1024 ** 2));
  const { socket } = await ask(t, one, two, '/quorate.Peer/Questions');
  socket.pause();
  // PeerQuestion: id 1, topic "large".
  socket.write(framed(Buffer.from([0x08, 1, 0x12, 5, ...Buffer.from('large')])));
  await new Promise((resolve) => setTimeout(resolve, 600));
  await closed(socket);
  t.pass();
});

const refused = test.macro({
  title: (_, reason: string) => `refused: ${reason}`,
  exec: async (t, reason: string, path: string, change: OutgoingHttpHeaders) => {
    const [one, two] = await pair(t);
    const { status, reason: said, socket } = await ask(t, one, two, path, change);
    t.is(status, 403);
    t.is(said, reason);
    await closed(socket);
  },
});

test(refused, 'this is cluster c1, not abc', messagesPath, { 'quorate-cluster': 'abc' });
test(refused, 'there is no method /quorate.Peer/Else', '/quorate.Peer/Else', {});
test(refused, 'there is no method /constructor', '/constructor', {});
test(refused, 'there is no upgrade to websocket', messagesPath, { upgrade: 'websocket' });
test(refused, 'the peer protocol is version 2 here, 1 there', messagesPath, { 'quorate-protocol': '1' });

test('a member that is starting lets nobody in yet', async (t) => {
  const [one, two] = [await openMember(t, { id: 1n }), await openMember(t, { id: 2n, isStarting: true })];
  two.network.setPeers([one.peer]);
  t.is((await ask(t, one, two, messagesPath)).reason, 'this member is still starting');
});

test('without the upgrade it is a page as any other', async (t) => {
  const [one, two] = await pair(t);
  t.is((await ask(t, one, two, messagesPath, { connection: 'close' })).status, 404);
});

test('who is told something else than yes or no is told what to do about it', async (t) => {
  const one = await openMember(t, { id: 1n });
  const server = createServer((_, response) => void response.writeHead(404).end());
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  t.teardown(() => server.close());
  one.network.setPeers([{ id: memberId(2n), name: 'm2', urls: [`http://127.0.0.1:${port}`] }]);
  const { message, fields } = await eventually('the warning', () =>
    one.logger.lines.find(({ level }) => level === 'warn'),
  );
  t.is(message, 'peer refused the connection');
  t.is(String(fields.error), 'ClusterError: HTTP status 404 came where a member of this version says yes or no');
  t.is(fields.hint, 'run the same version of quorate on all members');
});

const garbage = test.macro({
  title: (_, what: string) => `ended, and nothing heard: ${what}`,
  exec: async (t, _what: string, path: string, bytes: Buffer) => {
    const [one, two] = await pair(t);
    const { socket } = await ask(t, one, two, path);
    socket.write(bytes);
    await closed(socket);
    t.deepEqual(two.heard, []);
  },
});

test(garbage, 'what is no batch', messagesPath, framed(Buffer.from('not protobuf')));
test(garbage, 'a frame that is compressed', messagesPath, Buffer.from([1, 0, 0, 0, 1, 0]));
test(garbage, 'a frame longer than may be', messagesPath, Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
test(garbage, 'what is no question', '/quorate.Peer/Questions', framed(Buffer.from('not protobuf')));
test(garbage, 'a part of a snapshot longer than may be', snapshotPath, Buffer.from([0, 0, 0x50, 0, 0]));
