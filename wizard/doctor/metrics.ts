import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { within } from '#cluster';
import { type Diagnosis, error, warning } from './diagnosis.js';
import type { Seen } from './members.js';

// Disk and quota, as members measure them themselves.

const patienceMs = 3_000;
const bytesMax = 8 * 1024 * 1024;

export interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** As Prometheus writes them: by name and labels. Undefined where they are not to be had. */
type Figures = ReadonlyMap<string, number>;

export async function scrape(endpoint: string, tls: Tls, signal: AbortSignal): Promise<Figures | undefined> {
  const fetched = within(patienceMs, signal, (late) => fetchText(`${endpoint}/metrics`, tls, late));
  const text = await fetched.catch(() => undefined);
  signal.throwIfAborted();
  return text === undefined ? undefined : parseFigures(text);
}

function fetchText(url: string, tls: Tls, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? requestTls : requestPlain;
    const asked = request(url, { ...tls, agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > bytesMax) asked.destroy(new Error('it says too much'));
      });
      response.once('end', () => resolve(Buffer.concat(chunks).toString()));
      response.once('error', reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}

export function parseFigures(text: string): Figures {
  const lines = [...text.matchAll(/^([a-z_:][\w:]*(?:\{[^}\n]*\})?) ([-+.\deEInfNa]+)$/gim)];
  return new Map(lines.map(([, name = '', value]) => [name, Number(value)]));
}

/** In seconds: more than that it takes, by the bucket that holds it. Undefined with too few to say. */
export function percentile99(figures: Figures, histogram: string): number | undefined {
  const buckets = [...figures].flatMap(([name, count]) => {
    const [, bound] = new RegExp(`^${histogram}_bucket\\{.*le="([^"]+)"`).exec(name) ?? [];
    return bound === undefined ? [] : [{ bound: bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), count }];
  });
  const all = figures.get(`${histogram}_count`) ?? 0;
  if (all < samplesMin) return undefined;
  const sorted = buckets.sort((a, b) => a.bound - b.bound);
  const holds = sorted.findIndex(({ count }) => count >= 0.99 * all);
  return holds < 0 ? undefined : (sorted[holds - 1]?.bound ?? 0);
}

const samplesMin = 100;
/** Of etcd's own alert rules. */
const [slowSeconds, tooSlowSeconds] = [0.5, 1];

export function diskTroubles(endpoint: string, figures: Figures): Diagnosis[] {
  const p99 = percentile99(figures, 'etcd_disk_wal_fsync_duration_seconds');
  if (p99 === undefined || p99 < slowSeconds) return [];
  const say = p99 < tooSlowSeconds ? warning : error;
  return [
    say(
      'slow-disk',
      endpoint,
      `one sync of its log in a hundred takes more than ${p99} s`,
      'give it a disk of its own, an SSD',
    ),
  ];
}

const [fullPart, sparsePart] = [0.8, 0.5];
const sparseBytesMin = 100 * 1024 * 1024;

export function quotaTroubles({ endpoint, status }: Seen, figures: Figures): Diagnosis[] {
  const { dbSize, dbSizeInUse } = status;
  const quota = figures.get('etcd_server_quota_backend_bytes') ?? 0;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  if (quota > 0 && dbSize > fullPart * quota) {
    const what = `its store has ${megabytes(dbSize)} of ${megabytes(quota)}, ${megabytes(dbSizeInUse)} of them in use`;
    return [
      warning(
        'store-full',
        endpoint,
        what,
        `etcdctl compact, then etcdctl defrag --endpoints ${endpoint}; or raise --quota-backend-bytes`,
      ),
    ];
  }
  if (dbSize > sparseBytesMin && dbSizeInUse < sparsePart * dbSize) {
    const what = `of the ${megabytes(dbSize)} of its store ${megabytes(dbSizeInUse)} are in use`;
    return [warning('store-sparse', endpoint, what, `etcdctl defrag --endpoints ${endpoint}`)];
  }
  return [];
}
