import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cluster, type Engine, runLoad } from './clusters.js';
import { headsOf, type Round, rowsOf, table } from './figures.js';
import type { LoadResult } from './load.js';
import type { Badly, NeighbourOptions } from './neighbour-load.js';
import { memoryMegabytes, say } from './processes.js';
import { type Section, withoutFigures } from './section.js';

interface Neighbours {
  readonly name: string;
  readonly badly: Badly;
  readonly connections: number;
  readonly calls: number;
}

const neighbours: readonly Neighbours[] = [
  { name: 'nobody', badly: 'idle', connections: 0, calls: 0 },
  { name: '1000 unfinished handshakes', badly: 'handshake', connections: 1000, calls: 0 },
  { name: '100 x 50 calls never finished', badly: 'half-open', connections: 100, calls: 50 },
  { name: '10,000 idle connections', badly: 'idle', connections: 10_000, calls: 0 },
  { name: '20 x 20 requests of 1.4 MB but for their ends', badly: 'half-said', connections: 20, calls: 20 },
  { name: '20 x 20 lists of 1 MB unread', badly: 'unread-list', connections: 20, calls: 20 },
  { name: '20 x 20 values of 1 MB unread', badly: 'unread-value', connections: 20, calls: 20 },
];

const here = dirname(fileURLToPath(import.meta.url));
const putsPerSecond = 50;

/** Resolves once they behave as badly as they will. */
async function begin({ access }: Cluster, { badly, connections, calls }: Neighbours): Promise<ChildProcess> {
  const options: NeighbourOptions = { ...access, badly, connections, calls };
  const child = spawn(process.execPath, [join(here, 'neighbour-load.js'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error(`the neighbours ended with ${child.exitCode}`);
  return child;
}

async function measure(cluster: Cluster, which: Neighbours, seconds: number): Promise<Round> {
  // They all come to the first member, which the bystander uses as well.
  const access = { ...cluster.access, endpoints: cluster.access.endpoints.slice(0, 1) };
  const member = cluster.pids.slice(0, 1);
  const before = memoryMegabytes(member).now;
  const child = which.connections === 0 ? undefined : await begin(cluster, which);
  try {
    const put = { work: 'put', valueBytes: 256, keys: 10_000, limit: 0 } as const;
    const { p50Ms, p99Ms } = await runLoad<LoadResult>({ kind: 'steady', ...access, ...put, seconds, putsPerSecond });
    const { now, peak } = memoryMegabytes(member);
    return { 'put p50 ms': p50Ms, 'p99 ms': p99Ms, 'grown by MB': now - before, 'peak MB': peak };
  } finally {
    if (child !== undefined && child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
}

/** What a client that puts something every 20 ms notices of others on the same member. */
export async function measureNeighbours(clusters: readonly Cluster[], seconds: number): Promise<Section> {
  const results = neighbours.map((which) => ({ which, rounds: { included: [], etcd: [] } as Record<Engine, Round[]> }));
  for (const { which, rounds } of results) {
    for (const cluster of clusters) {
      rounds[cluster.engine].push(await measure(cluster, which, seconds).catch(withoutFigures));
      say(`${which.name}, ${cluster.engine}: ${JSON.stringify(rounds[cluster.engine].at(-1))}`);
    }
  }
  const rows = results.flatMap(({ which, rounds: { included, etcd } }) => rowsOf(which.name, included, etcd));
  return { table: table(headsOf(results.flatMap(({ rounds }) => rounds.included)), rows), data: results };
}
