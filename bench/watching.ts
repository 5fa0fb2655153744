import { type Cluster, type Engine, runLoad } from './clusters.js';
import { headsOf, type Round, rowsOf, table } from './figures.js';
import { cpuSeconds, say } from './processes.js';
import { type Section, withoutFigures } from './section.js';
import { loads, measureServing } from './serving.js';
import type { WatchOptions, WatchResult } from './watch-load.js';

type Shape = Pick<WatchOptions, 'connections' | 'streams' | 'watchersPerStream' | 'keys' | 'putsPerSecond'>;

type Rounds = Record<Engine, Round[]>;

/** 100 watchers, on all members, who are all told of 100 changes a second. */
const many: Shape = { connections: 10, streams: 100, watchersPerStream: 1, keys: 'shared', putsPerSecond: 100 };
/** 10,000 on one member, each with a key of its own. */
const crowd: Shape = { connections: 10, streams: 100, watchersPerStream: 100, keys: 'own', putsPerSecond: 100 };

async function watch(
  { access, pids }: Cluster,
  shape: Shape,
  endpoints: readonly string[],
  seconds: number,
): Promise<WatchResult & { readonly cpuPerThousand: number }> {
  const before = cpuSeconds(pids);
  const pid = pids[0] ?? 0;
  const options = { kind: 'watch', ...access, ...shape, endpoints, seconds, valueBytes: 256, pid } as const;
  const result = await runLoad<WatchResult>(options);
  return { ...result, cpuPerThousand: ((cpuSeconds(pids) - before) * 1000) / result.deliveries };
}

async function crowdOn(cluster: Cluster, seconds: number): Promise<Round> {
  const result = await watch(cluster, crowd, cluster.access.endpoints.slice(0, 1), seconds);
  const { restMegabytes, watchedMegabytes, toldMegabytes } = result;
  say(`10,000 watchers, ${cluster.engine}: ${restMegabytes.toFixed(0)} to ${toldMegabytes.toFixed(0)} MB`);
  return {
    'at rest MB': restMegabytes,
    'with them MB': watchedMegabytes,
    'after events MB': toldMegabytes,
    'growth MB': Math.max(watchedMegabytes, toldMegabytes) - restMegabytes,
    'p50 ms': result.p50Ms,
    'p99 ms': result.p99Ms,
  };
}

/** Each round on fresh clusters: it is about memory. */
export async function measureCrowd(
  beginFresh: (round: number) => Promise<readonly Cluster[]>,
  rounds: number,
  seconds: number,
): Promise<Section> {
  const measured: Rounds = { included: [], etcd: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const cluster of await beginFresh(round))
      measured[cluster.engine].push(await crowdOn(cluster, seconds).catch(withoutFigures));
  }
  return tableOf('10,000 watchers on one member', measured);
}

async function delivery(cluster: Cluster, seconds: number): Promise<Round> {
  const { p50Ms, p99Ms, cpuPerThousand } = await watch(cluster, many, cluster.access.endpoints, seconds);
  return { 'p50 ms': p50Ms, 'p99 ms': p99Ms, 'CPU-s/1000 events': cpuPerThousand };
}

async function deliveries(clusters: readonly Cluster[], rounds: number, seconds: number): Promise<Rounds> {
  const measured: Rounds = { included: [], etcd: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const cluster of clusters) {
      measured[cluster.engine].push(await delivery(cluster, seconds).catch(withoutFigures));
      say(`round ${round + 1}/${rounds}, watch, ${cluster.engine}: ${JSON.stringify(measured[cluster.engine].at(-1))}`);
    }
  }
  return measured;
}

/** On members that have just begun, and on the same ones once they have served all that `serving` asks for. */
export async function measureDelivery(clusters: readonly Cluster[], rounds: number, seconds: number): Promise<Section> {
  const begun = await deliveries(clusters, rounds, seconds);
  await measureServing(clusters, loads, 1, seconds);
  const served = await deliveries(clusters, rounds, seconds);
  const name = '100 watchers x 100 events/s, put to event';
  const rows = [
    ...rowsOf(`${name}, members just begun`, begun.included, begun.etcd),
    ...rowsOf(`${name}, after other work`, served.included, served.etcd),
  ];
  return { table: table(headsOf([...begun.included, ...begun.etcd]), rows), data: { begun, served } };
}

const tableOf = (name: string, { included, etcd }: Rounds): Section => ({
  // Heads from whichever has figures.
  table: table(headsOf([...included, ...etcd]), rowsOf(name, included, etcd)),
  data: { included, etcd },
});
