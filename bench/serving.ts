import { type Cluster, type Engine, runLoad } from './clusters.js';
import { headsOf, type Round, rowsOf, table } from './figures.js';
import type { LoadResult } from './load.js';
import { cpuSeconds, memoryMegabytes, say } from './processes.js';
import type { Work } from './requests.js';
import { type Section, withoutFigures } from './section.js';

export interface Load {
  readonly work: Work;
  readonly clients: number;
  readonly connections: number;
}

export const loads: readonly Load[] = [
  { work: 'put', clients: 1, connections: 1 },
  { work: 'put', clients: 100, connections: 10 },
  { work: 'get', clients: 1, connections: 1 },
  { work: 'get', clients: 100, connections: 10 },
  { work: 'serializable-get', clients: 100, connections: 10 },
  { work: 'txn', clients: 100, connections: 10 },
  { work: 'keepalive', clients: 100, connections: 10 },
];

export const nameOf = ({ work, clients }: Load): string => `${work}, ${clients} client${clients === 1 ? '' : 's'}`;

async function measure({ access, pids }: Cluster, load: Load, seconds: number): Promise<Round> {
  const before = cpuSeconds(pids);
  const result = await runLoad<LoadResult>({
    kind: 'requests',
    ...load,
    ...access,
    seconds,
    valueBytes: 256,
    keys: 10_000,
    limit: 0,
  });
  return {
    'requests/s': result.requests / result.seconds,
    'p50 ms': result.p50Ms,
    'p99 ms': result.p99Ms,
    'CPU-s/1000': ((cpuSeconds(pids) - before) * 1000) / result.requests,
    'peak MB a member': memoryMegabytes(pids).peak,
  };
}

/** The same requests to both engines in turn, round by round. */
export async function measureServing(
  clusters: readonly Cluster[],
  chosen: readonly Load[],
  rounds: number,
  seconds: number,
): Promise<Section> {
  const results = chosen.map((load) => ({ load, rounds: { included: [], etcd: [] } as Record<Engine, Round[]> }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { load, rounds: measured } of results) {
      // What one of them does not serve has a row without figures, and keeps nobody from the rest.
      for (const cluster of clusters)
        measured[cluster.engine].push(await measure(cluster, load, seconds).catch(withoutFigures));
      const [ours, etcd] = [measured.included.at(-1), measured.etcd.at(-1)].map((last) =>
        last?.['requests/s']?.toFixed(0),
      );
      say(`round ${round + 1}/${rounds}, ${nameOf(load)}: ${ours} and ${etcd} requests/s`);
    }
  }
  const rows = results.flatMap(({ load, rounds: { included, etcd } }) => rowsOf(nameOf(load), included, etcd));
  return { table: table(headsOf(results.flatMap((each) => each.rounds.included)), rows), data: results };
}
