import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { within } from '../../cluster/deadline.js';

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
