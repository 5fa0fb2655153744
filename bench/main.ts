// `npm run bench`: our three members and the installed etcd's, on this machine, in this run, interleaved round by round, both
// with mutual TLS and auth on, provisioned by the same plan. Prints tables in Markdown, writes bench/results/latest.json.
// Options: --rounds 5 --seconds 4 --starts 5
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { figures, median, medians, type Round, ratios, table } from './figures.js';
import type { LoadOptions, LoadResult, Work } from './load.js';
import { cpuSeconds, memberPids, memoryMegabytes, run } from './processes.js';

type Engine = 'included' | 'etcd';

interface Cluster {
  readonly engine: Engine;
  readonly dir: string;
  readonly endpoints: readonly string[];
  readonly pids: readonly number[];
}

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, '..', '..');
const quorate = join(project, 'dist', 'bundle', 'main.js');
const say = (text: string) => process.stderr.write(`${text}\n`);

const loads: readonly { readonly work: Work; readonly clients: number; readonly connections: number }[] = [
  { work: 'put', clients: 1, connections: 1 },
  { work: 'put', clients: 100, connections: 10 },
  { work: 'get', clients: 1, connections: 1 },
  { work: 'get', clients: 100, connections: 10 },
];

const plan = (engine: Engine, basePort: number): string => `version: 1
cluster: { name: bench, engine: ${engine}, run: local }
members:
${[1, 2, 3].map((n) => `  - { name: m${n}, host: 127.0.0.1, clientPort: ${basePort + n * 10}, peerPort: ${basePort + n * 10 + 1} }`).join('\n')}
access:
  roles:
    - { name: app-writer, permissions: [{ access: readwrite, prefix: /app/ }] }
  users:
    - { name: app, roles: [app-writer] }
    - { name: backup, roles: [root] }
`;

/** An empty folder to a healthy cluster with auth on, as one command. Gives the seconds it took. */
async function start(engine: Engine, dir: string, basePort: number): Promise<number> {
  const answers = `${dir}.yaml`;
  writeFileSync(answers, plan(engine, basePort));
  const begin = performance.now();
  await run(process.execPath, [quorate, 'init', '--yes', '--answers', answers, '--dir', dir]);
  return (performance.now() - begin) / 1000;
}

const stop = (dir: string): Promise<string> => run(process.execPath, [quorate, 'down', '--dir', dir]);

async function startByHand(dir: string, basePort: number): Promise<number> {
  const begin = performance.now();
  await run('timeout', ['60', 'bash', join(project, 'bench', 'by-hand.sh'), dir, String(basePort)]);
  const seconds = (performance.now() - begin) / 1000;
  await run('sh', ['-c', `kill $(cat ${dir}/pids)`]);
  return seconds;
}

async function measureStarts(folder: string, count: number): Promise<Record<'included' | 'by hand', number[]>> {
  const seconds: Record<'included' | 'by hand', number[]> = { included: [], 'by hand': [] };
  for (let n = 0; n < count; n += 1) {
    const dir = join(folder, `start-${n}`);
    seconds.included.push(await start('included', dir, 21_000 + n * 100));
    await stop(dir);
    seconds['by hand'].push(await startByHand(join(folder, `by-hand-${n}`), 22_000 + n * 100));
    say(
      `start ${n + 1}/${count}: included ${seconds.included.at(-1)?.toFixed(2)} s, by hand ${seconds['by hand'].at(-1)?.toFixed(2)} s`,
    );
  }
  return seconds;
}

async function cluster(engine: Engine, folder: string, basePort: number): Promise<Cluster> {
  const dir = join(folder, engine);
  await start(engine, dir, basePort);
  const endpoints = [1, 2, 3].map((n) => `127.0.0.1:${basePort + n * 10}`);
  return { engine, dir, endpoints, pids: memberPids(dir) };
}

async function measure(
  { dir, endpoints, pids }: Cluster,
  load: (typeof loads)[number],
  seconds: number,
): Promise<Round> {
  const kit = join(dir, 'users', 'root');
  const options: LoadOptions = {
    ...load,
    endpoints,
    seconds,
    valueBytes: 256,
    ca: join(kit, 'ca.crt'),
    cert: join(kit, 'root.crt'),
    key: join(kit, 'root.key'),
  };
  const before = cpuSeconds(pids);
  const result = JSON.parse(
    await run(process.execPath, [join(here, 'load.js'), JSON.stringify(options)]),
  ) as LoadResult;
  return {
    requestsPerSecond: result.requests / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuPerThousand: ((cpuSeconds(pids) - before) * 1000) / result.requests,
    peakMegabytes: memoryMegabytes(pids).peak,
  };
}

const nameOf = ({ work, clients }: (typeof loads)[number]) => `${work}, ${clients} client${clients === 1 ? '' : 's'}`;

async function measureLoads(clusters: readonly [Cluster, Cluster], rounds: number, seconds: number) {
  const results = loads.map((load) => ({ name: nameOf(load), load, included: [] as Round[], etcd: [] as Round[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const result of results) {
      for (const one of clusters) result[one.engine].push(await measure(one, result.load, seconds));
      say(
        `round ${round + 1}/${rounds}, ${result.name}: ${result.included.at(-1)?.requestsPerSecond.toFixed(0)} and ${result.etcd.at(-1)?.requestsPerSecond.toFixed(0)} requests/s`,
      );
    }
  }
  return results;
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    starts: { type: 'string', default: '5' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
const running: string[] = [];
try {
  const starts = await measureStarts(folder, Number(options.starts));
  for (const engine of ['included', 'etcd'] as const) running.push(join(folder, engine));
  const clusters = [await cluster('included', folder, 23_000), await cluster('etcd', folder, 24_000)] as const;
  const atRest = clusters.map(({ pids }) => memoryMegabytes(pids).now);
  const results = await measureLoads(clusters, Number(options.rounds), Number(options.seconds));

  const heads = ['requests/s', 'p50 ms', 'p99 ms', 'CPU-s/1000', 'peak MB a member'];
  const cells = (round: Round) => figures.map((figure) => round[figure]);
  const loadRows = results.flatMap(({ name, included, etcd }) => [
    [`${name}: included`, ...cells(medians(included))],
    [`${name}: etcd`, ...cells(medians(etcd))],
    [`**${name}: ratio**`, ...cells(ratios(included, etcd))],
  ]);
  const begun = [median(starts.included), median(starts['by hand'])] as const;
  const restRows = [
    [
      'empty folder to healthy with auth on, s (etcd: openssl, etcd and etcdctl in a script)',
      ...begun,
      begun[0] / begun[1],
    ],
    ['memory of a member at rest, MB', ...atRest, (atRest[0] ?? Number.NaN) / (atRest[1] ?? Number.NaN)],
  ];
  process.stdout.write(
    `${table(['load', ...heads], loadRows)}\n\n${table(['', 'included', 'etcd', 'ratio'], restRows)}\n\n` +
      `Medians of ${options.rounds} rounds of ${options.seconds} s, ${options.starts} starts; ratios are medians of the rounds' ratios. ` +
      `${cpus().length} processors (${cpus()[0]?.model}), Node ${process.version}; load program and members on the same processors.\n`,
  );
  mkdirSync(join(project, 'bench', 'results'), { recursive: true });
  writeFileSync(
    join(project, 'bench', 'results', 'latest.json'),
    JSON.stringify({ options, starts, atRest, results }, null, 2),
  );
} finally {
  for (const dir of running) await stop(dir).catch((error: unknown) => say(String(error)));
  rmSync(folder, { recursive: true, force: true });
}
