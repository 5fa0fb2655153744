import { type Cluster, type Engine, fileMegabytes, restart, runLoad } from './clusters.js';
import { headsOf, type Round, rowsOf, table } from './figures.js';
import type { LoadResult, RequestOptions } from './load.js';
import { cpuSeconds, memoryMegabytes, say } from './processes.js';
import type { Work } from './requests.js';
import type { Section } from './section.js';

const listLimit = 10_000;
const compactionSecondsMax = 600;

type Measured = Record<Engine, Round[]>;
const nothing = (): Measured => ({ included: [], etcd: [] });

/**
 * A large store: filled key by key, looked at, started again, listed in turns, written over, and all of its past compacted
 * under load.
 */
export async function measureLarge(fresh: readonly Cluster[], keys: number, rounds: number): Promise<Section> {
  const load = (cluster: Cluster, work: Work, options: Partial<RequestOptions>): Promise<LoadResult> =>
    runLoad({
      kind: 'requests',
      ...cluster.access,
      work,
      keys,
      limit: listLimit,
      valueBytes: 256,
      clients: 1,
      connections: 10,
      seconds: 3600,
      ...options,
    });
  const [filled, listed, counted, compacted] = [nothing(), nothing(), nothing(), nothing()];
  const clusters: Cluster[] = [];
  for (const cluster of fresh) {
    const fill = await load(cluster, 'fill', { clients: 400, requests: keys });
    say(`${cluster.engine}: ${keys} keys in ${fill.seconds.toFixed(0)} s`);
    const full = { ...memoryMegabytes(cluster.pids), ...fileMegabytes(cluster) };
    const again = await restart(cluster);
    clusters.push(again.cluster);
    filled[cluster.engine].push({
      'filled in s': fill.seconds,
      'member MB': full.now,
      'peak MB': full.peak,
      'state file MB': full.state,
      'log MB': full.log,
      'restart s': again.seconds,
      'MB after it': memoryMegabytes(again.cluster.pids).now,
    });
  }
  /** On the first member alone, whose CPU is counted. */
  const looked = async (cluster: Cluster, work: Work, requests: number): Promise<Round> => {
    const first = cluster.pids.slice(0, 1);
    const before = cpuSeconds(first);
    const endpoints = cluster.access.endpoints.slice(0, 1);
    const { p50Ms, p99Ms } = await load(cluster, work, { endpoints, connections: 1, requests });
    return { 'p50 ms': p50Ms, 'p99 ms': p99Ms, 'CPU ms each': ((cpuSeconds(first) - before) * 1000) / requests };
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const cluster of clusters) {
      const list = await looked(cluster, 'list', 10);
      listed[cluster.engine].push(list);
      counted[cluster.engine].push(await looked(cluster, 'count', 5));
      say(`round ${round + 1}/${rounds}, ${cluster.engine}: 10,000 keys in ${list['p50 ms']?.toFixed(0)} ms`);
    }
  }
  for (const cluster of clusters) {
    const listedMegabytes = memoryMegabytes(cluster.pids).now;
    await load(cluster, 'fill', { clients: 400, requests: keys });
    const before = await load(cluster, 'put', { clients: 100, seconds: 5 });
    const during = await load(cluster, 'put', { clients: 100, seconds: compactionSecondsMax, compacting: true });
    compacted[cluster.engine].push({
      'MB once listed': listedMegabytes,
      'compacted in s': during.seconds,
      'put p99 ms before': before.p99Ms,
      'during it': during.p99Ms,
      times: during.p99Ms / before.p99Ms,
      'puts/s before': before.requests / before.seconds,
      'during it ': during.requests / during.seconds,
      'peak MB': memoryMegabytes(cluster.pids).peak,
      'state file MB': fileMegabytes(cluster).state,
    });
    say(
      `${cluster.engine}: compacted in ${during.seconds.toFixed(0)} s, put p99 ${before.p99Ms.toFixed(1)} to ${during.p99Ms.toFixed(1)} ms`,
    );
  }
  const part = (name: string, { included, etcd }: Measured) => table(headsOf(included), rowsOf(name, included, etcd));
  const count = keys.toLocaleString('en');
  const tables = [
    part(`${count} keys of 256 bytes`, filled),
    table(headsOf(listed.included), [
      ...rowsOf('prefix, limit 10,000', listed.included, listed.etcd),
      ...rowsOf('count of all', counted.included, counted.etcd),
    ]),
    part(`compaction of ${count} revisions, 100 clients`, compacted),
  ];
  return { table: tables.join('\n\n'), data: { filled, listed, counted, compacted } };
}
