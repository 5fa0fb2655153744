import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { kvMethods } from '../../../cluster/wire/services.js';
import { opening, rawConnection } from '../../raw-http2.js';
import { startFront } from './http/front.js';
import { ask, openSession, statusText } from './raw-calls.js';

const keepalive = { intervalMs: 50, timeoutMs: 200 };

test('a client that answers no ping is gone, and one that does stays', async (t) => {
  const front = await startFront(t, { keepalive });
  const live = openSession(t, { ...front, endpoint: front.url });
  const dead = await rawConnection(front.url);
  const closed = once(dead, 'close');
  dead.write(opening('largest'));
  // It reads, as the system of a client that hangs does, and says nothing.
  dead.resume();
  await closed;
  await delay(2 * keepalive.timeoutMs);
  t.is(
    statusText(await ask(live, { path: kvMethods.put.path })),
    '12 no request message came, and the method takes one',
  );
});

test('with an interval of 0 nobody is pinged', async (t) => {
  const front = await startFront(t, { keepalive: { ...keepalive, intervalMs: 0 } });
  const dead = await rawConnection(front.url);
  let isOver = false;
  dead.once('close', () => {
    isOver = true;
  });
  dead.write(opening('largest'));
  dead.resume();
  await delay(3 * keepalive.timeoutMs);
  t.false(isOver);
  dead.destroy();
});
