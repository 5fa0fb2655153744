import test from 'ava';
import { seededRandom } from '../raft/seeded-random.js';
import { WatchModel } from './model.js';

const runs = 30;
const steps = 400;

test('whoever reads when they like is told everything they are owed, once, in order and whole', async (t) => {
  const seen = { events: 0, compacted: 0, behind: 0, progress: 0, resets: 0 };
  for (let seed = 1; seed <= runs; seed++) {
    const model = new WatchModel(seededRandom(seed));
    try {
      for (let n = 0; n < steps; n++) await model.step();
      await model.finish();
    } catch (error) {
      t.fail(`seed ${seed}: ${(error as Error).stack}`);
      return;
    }
    for (const what of Object.keys(seen) as (keyof typeof seen)[]) seen[what] += model.seen[what];
  }
  // All of it has happened, and often.
  for (const count of Object.values(seen)) t.true(count > 30);
});
