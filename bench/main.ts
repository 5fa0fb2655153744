// `npm run bench`: our three members and the installed etcd's, on this machine, in this run, in turns, both with mutual TLS
// and auth on, provisioned by the same plan. Prints tables in Markdown, writes bench/results/latest.json.
// `npm run bench -- --help` says what can be chosen.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { begin, type Cluster, down, engines, project } from './clusters.js';
import { rowsOf, table } from './figures.js';
import { measureIssuing } from './issuing.js';
import { measureLarge } from './large.js';
import { measureNeighbours } from './neighbours.js';
import { measurePeople } from './people.js';
import { memoryMegabytes, say } from './processes.js';
import type { Section } from './section.js';
import { loads, measureServing, nameOf } from './serving.js';
import { measureStarts } from './starting.js';
import { measureCrowd, measureDelivery } from './watching.js';

const sections = ['starts', 'issuing', 'crowd', 'delivery', 'serving', 'neighbours', 'people', 'large'] as const;
type Name = (typeof sections)[number];

const { values: options } = parseArgs({
  options: {
    /** Without the large store, which takes a quarter of an hour. */
    sections: { type: 'string', default: 'starts,crowd,delivery,serving,neighbours' },
    /** Of the section `serving`: those whose name has one of these words. */
    loads: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    starts: { type: 'string', default: '5' },
    keys: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `npm run bench -- [--sections ${sections.join(',')}] [--loads WORD,…] [--rounds 5] [--seconds 4] [--starts 5] [--keys 1000000]
loads: ${loads.map(nameOf).join('; ')}
`;

const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
const words = options.loads.split(',');
const chosenLoads = loads.filter((load) => words.some((word) => nameOf(load).startsWith(word)));

const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
const running: string[] = [];

/** Both engines' clusters, fresh. */
async function beginBoth(name: string, basePort: number): Promise<readonly Cluster[]> {
  const clusters: Cluster[] = [];
  for (const [n, engine] of engines.entries()) {
    const dir = join(folder, `${name}-${engine}`);
    running.push(dir);
    clusters.push(await begin(engine, dir, basePort + n * 100));
  }
  return clusters;
}

async function stopAll(): Promise<void> {
  for (const dir of running.splice(0)) await down(dir).catch((error: unknown) => say(String(error)));
}

async function beginCrowds(round: number): Promise<readonly Cluster[]> {
  await stopAll();
  return beginBoth(`crowd-${round}`, 23_000);
}

async function measureServingAndRest(clusters: readonly Cluster[]): Promise<Section> {
  const [ours = [], etcd = []] = clusters.map(({ pids }) => [{ MB: memoryMegabytes(pids).now }]);
  const rest = table(['', 'MB'], rowsOf('memory of a member at rest', ours, etcd));
  const { table: served, data } = await measureServing(clusters, chosenLoads, rounds, seconds);
  return { table: `${rest}\n\n${served}`, data: { rest: { ours, etcd }, served: data } };
}

const measures: Readonly<Record<Name, () => Promise<Section>>> = {
  starts: () => measureStarts(folder, Number(options.starts)),
  issuing: () => measureIssuing(folder, rounds),
  crowd: () => measureCrowd(beginCrowds, rounds, seconds),
  delivery: async () => measureDelivery(await beginBoth('delivery', 23_200), rounds, seconds),
  serving: async () => measureServingAndRest(await beginBoth('serving', 23_400)),
  neighbours: async () => measureNeighbours(await beginBoth('neighbours', 23_800), seconds),
  people: async () => measurePeople(await beginBoth('people', 24_000)),
  large: async () => measureLarge(await beginBoth('large', 23_600), Number(options.keys), rounds),
};

async function measureAll(names: readonly Name[]): Promise<void> {
  const data: Partial<Record<Name, unknown>> = {};
  for (const name of names) {
    const section = await measures[name]();
    await stopAll();
    data[name] = section.data;
    process.stdout.write(`${section.table}\n\n`);
  }
  process.stdout.write(
    `Medians of ${rounds} rounds of ${seconds} s, ${options.starts} starts; ratios are medians of the rounds' ratios. ` +
      `${cpus().length} processors (${cpus()[0]?.model}), Node ${process.version}; load program and members on the same processors.\n`,
  );
  const results = join(project, 'bench', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'latest.json'), JSON.stringify({ options, data }, null, 2));
}

try {
  const names = options.sections.split(',');
  const unknown = names.find((name) => !sections.some((known) => known === name));
  if (unknown !== undefined) say(`there is no section "${unknown}"`);
  if (options.help || unknown !== undefined) process.stderr.write(usage);
  else await measureAll(names as Name[]);
} finally {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
