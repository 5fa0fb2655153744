import test from 'ava';
import { Chaos } from './chaos.js';

const seeds = Array.from({ length: Number(process.env.QUORATE_SEEDS ?? 20) }, (_, at) => at + 1);
const steps = 8000;

const survives = test.macro({
  title: (_, voters: number, strangers: number) =>
    `${voters === 1 ? 'one voter' : `${voters} voters`} and a learner keep every promise through losses, repeats, reorderings and crashes${strangers > 0 ? ', while members come and go' : ''}`,
  exec(t, voters: number, strangers: number) {
    const totals = { elections: 0, granted: 0, lost: 0, committed: 0, changes: 0 };
    for (const seed of seeds) {
      const chaos = new Chaos(seed * 1000 + voters, voters, strangers);
      try {
        for (let step = 0; step < steps; step += 1) chaos.step();
        t.true(chaos.recovers(), `seed ${seed}: the cluster does not come to rest after the storm`);
      } catch (cause) {
        throw new Error(`seed ${seed} with ${voters} voters: ${cause}`, { cause });
      }
      t.is(chaos.checker.unansweredReads, 0, `seed ${seed}: a read got no answer`);
      totals.elections += chaos.checker.counts.elections;
      totals.granted += chaos.checker.counts.granted;
      totals.lost += chaos.checker.counts.lost;
      totals.committed += chaos.checker.committedCount;
      totals.changes += chaos.changes;
    }
    t.log(totals);
    // The storm must leave enough of them alive for the checks to mean something.
    t.true(totals.elections > seeds.length * 2);
    t.true(totals.granted > seeds.length * 5);
    t.true(totals.committed > seeds.length * 20);
    if (strangers > 0) t.true(totals.changes > seeds.length);
  },
});
for (const voters of [1, 3, 5]) test(survives, voters, 0);
test(survives, 2, 3);
test(survives, 3, 3);
