import { connect, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { defaultLimits } from '../../../cluster/transport/limits.js';
import { PeerStream, type Side } from '../../../cluster/transport/peer-stream.js';
import { freePort } from '../../ports.js';

const limits = { ...defaultLimits, pingMs: 50, pingsMissedMax: 3 };
/** How long somebody may be silent under them, generously. */
const patienceMs = 2000;

/** A stream, and the bare socket of whoever is at its other end. */
async function openStream(t: ExecutionContext, side: Side): Promise<{ stream: PeerStream; other: Socket }> {
  const port = await freePort();
  const accepted = new Promise<Socket>((resolve) => {
    const server = createServer(resolve).listen(port, '127.0.0.1');
    t.teardown(() => server.close());
  });
  const other = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
  t.teardown(() => other.destroy());
  const stream = new PeerStream(await accepted, side, limits);
  t.teardown(() => stream.destroy());
  return { stream, other };
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const closedWithin = (stream: PeerStream, ms: number): Promise<boolean> =>
  Promise.race([stream.closed.then(() => true), delay(ms).then(() => false)]);

test('who reads slowly and says nothing lives, until nothing moves any more', async (t) => {
  const { stream, other } = await openStream(t, 'dialled');
  stream.read(() => {});
  const chunk = new Uint8Array(256 * 1024);
  const give = (): void => {
    while (stream.isOpen && stream.write(chunk));
  };
  stream.onRoom(give);
  give();
  let reads = true;
  other.on('data', () => {
    other.pause();
    setTimeout(() => reads && other.resume(), 2);
  });
  t.false(await closedWithin(stream, 1500));
  reads = false;
  t.true(await closedWithin(stream, patienceMs));
});

test('who goes on after the end was told is not heard for long', async (t) => {
  const { stream, other } = await openStream(t, 'accepted');
  stream.read(() => {});
  const flood = setInterval(() => other.write(Buffer.from([0, 0, 0, 0, 1, 1])), 10);
  t.teardown(() => clearInterval(flood));
  t.false(await closedWithin(stream, 500));
  stream.end();
  t.true(await closedWithin(stream, patienceMs));
});

test('what is read slowly comes in order, one at a time, and what is left when it ends is not lost', async (t) => {
  const { stream, other } = await openStream(t, 'accepted');
  const frames = Array.from({ length: 100 }, (_, n) => Buffer.from([0, 0, 0, 0, 1, n + 1]));
  other.end(Buffer.concat(frames));
  const heard: (number | undefined)[] = [];
  let atOnce = 0;
  await stream.readSlowly(async (message) => {
    atOnce += 1;
    t.is(atOnce, 1);
    await delay(1);
    heard.push(message[0]);
    atOnce -= 1;
    return 'more';
  });
  t.deepEqual(
    heard,
    frames.map((_, n) => n + 1),
  );
});
