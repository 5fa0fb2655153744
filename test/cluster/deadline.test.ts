import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Expiry, within } from '../../cluster/deadline.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal): Promise<unknown> => once(signal, 'abort');

test('a deadline comes, whatever is collected before', async (t) => {
  const waits = Promise.all([1, 2, 3].map(() => within(100, never, untilAborted)));
  collectGarbage();
  await t.notThrowsAsync(waits);
});

test('it comes at once when it is told to stop, before or then', async (t) => {
  const stop = new AbortController();
  const waits = within(60_000, stop.signal, untilAborted);
  stop.abort(new Error('enough'));
  await t.notThrowsAsync(waits);
  await within(60_000, stop.signal, async (signal) => {
    t.true(signal.aborted);
    t.is((signal.reason as Error).message, 'enough');
  });
});

test('work that is done in time is not kept waiting', async (t) => {
  t.is(await within(60_000, never, async () => 1), 1);
  await t.throwsAsync(
    within(60_000, never, async () => {
      throw new Error('no');
    }),
    { message: 'no' },
  );
});

const waited = (ms: number): Promise<number> => {
  const began = performance.now();
  return new Promise((resolve) => new Expiry(ms, () => resolve(performance.now() - began)));
};

test('nothing expires before its time, also when it began late in a busy turn of the loop', async (t) => {
  for (const ms of [0.2, 1.5, 20, 30.7]) {
    await new Promise(setImmediate);
    for (const busyUntil = performance.now() + 25; performance.now() < busyUntil; );
    const tookMs = await waited(ms);
    t.true(tookMs >= ms, `${tookMs} of ${ms} ms`);
  }
});

test('what is cleared does not expire, also when its timer came early before', async (t) => {
  for (const busyUntil = performance.now() + 25; performance.now() < busyUntil; );
  let expired = false;
  const expiry = new Expiry(30, () => {
    expired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expiry.clear();
  await new Promise((resolve) => setTimeout(resolve, 40));
  t.false(expired);
});
