import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import { mapAtOnce } from '../../wizard/at-once.js';

test('everything is done, a few at a time, and comes back in its order', async (t) => {
  let [underWay, most] = [0, 0];
  const items = Array.from({ length: 200 }, (_, index) => index);
  const results = await mapAtOnce(items, async (item) => {
    underWay += 1;
    most = Math.max(most, underWay);
    for (let turns = item % 5; turns >= 0; turns -= 1) await nextTurn();
    underWay -= 1;
    return item * 2;
  });
  t.deepEqual(
    results,
    items.map((item) => item * 2),
  );
  t.true(most > 1 && most <= 16, `${most} at once`);
  t.deepEqual(await mapAtOnce([], async () => 1), []);
  await t.throwsAsync(
    mapAtOnce(items, async (item) => {
      if (item === 7) throw new Error('seven');
    }),
    { message: 'seven' },
  );
});
