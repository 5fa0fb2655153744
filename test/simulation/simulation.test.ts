import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Simulation, type SimulationResult } from './simulation.js';

// Whole members over a simulated disk, network and clock. SIMULATION_SEEDS runs others than the fixed seeds:
//
//   SIMULATION_SEEDS=1-500 npx ava dist/test/simulation/simulation.test.js --timeout=30m
//   SIMULATION_SEEDS=42 npx ava dist/test/simulation/simulation.test.js          one seed, with everything that happened

const fixed = { first: 1, last: 24 };
/** 52 notices when a leader that stood still serves reads without asking a quorum. */
const telling: readonly number[] = [52];

const [first = fixed.first, last = first] = (process.env.SIMULATION_SEEDS ?? `${fixed.first}-${fixed.last}`)
  .split('-')
  .map(Number);
const isReplay = first === last;

async function simulate(seed: number, changing = false): Promise<SimulationResult> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-simulation-'));
  try {
    return await new Simulation(seed, folder, { changing }).run();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const seeds = Array.from({ length: last - first + 1 }, (_, at) => first + at);

test.serial(
  'nothing that was acknowledged is lost, nothing is read out of order, and all members come to the same state',
  async (t) => {
    t.timeout(300_000);
    const sums: Record<string, number> = {};
    for (const seed of process.env.SIMULATION_SEEDS === undefined ? [...seeds, ...telling] : seeds) {
      const { faults, trace, figures } = await simulate(seed);
      for (const [name, figure] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + figure;
      if (isReplay) t.log(trace.join('\n'));
      t.deepEqual(
        faults,
        [],
        `seed ${seed}; to see what happened: SIMULATION_SEEDS=${seed} npx ava dist/test/simulation/simulation.test.js`,
      );
    }
    t.log(sums);
    // A run in which nothing goes wrong, or nobody asks for anything, proves nothing.
    if (!isReplay) for (const [name, sum] of Object.entries(sums)) t.true(sum > seeds.length / 4, `${name}: ${sum}`);
  },
);

/** Fewer seeds: each of them is about as much. */
const changingSeeds = process.env.SIMULATION_SEEDS === undefined ? seeds.slice(0, 8) : seeds;

test.serial('the same while members are added, promoted and removed, the leader among them', async (t) => {
  t.timeout(300_000);
  const sums: Record<string, number> = {};
  for (const seed of changingSeeds) {
    const { faults, trace, figures } = await simulate(seed, true);
    for (const [name, figure] of Object.entries(figures)) sums[name] = (sums[name] ?? 0) + figure;
    if (isReplay) t.log(trace.join('\n'));
    t.deepEqual(faults, [], `seed ${seed}`);
  }
  t.log(sums);
  if (!isReplay)
    for (const [name, sum] of Object.entries(sums)) t.true(sum > changingSeeds.length / 4, `${name}: ${sum}`);
});

test.serial('one seed makes one run', async (t) => {
  for (const changing of [false, true]) {
    const [one, again] = [await simulate(first, changing), await simulate(first, changing)];
    t.deepEqual(again.trace, one.trace);
    t.is(again.digest, one.digest);
  }
});
