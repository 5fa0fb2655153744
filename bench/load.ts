// The load program, run in a process of its own: `node dist/bench/load.js '{"work":"put",…}'` prints what it measured.
import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { etcdserverpb } from '../cluster/wire/generated/messages.js';
import { type Access, ask, connectAll, framed } from './client.js';
import { percentile } from './figures.js';
import { clientOf, type WorkOptions } from './requests.js';
import { type WatchOptions, watchLoad } from './watch-load.js';

/** Clients that each have one request under way, always. Ends after `seconds`, or `requests`, or with a compaction. */
export interface RequestOptions extends Access, WorkOptions {
  readonly kind: 'requests';
  readonly clients: number;
  readonly connections: number;
  readonly seconds: number;
  readonly requests?: number;
  /** Compacts all there is meanwhile, and ends when the rows are gone. */
  readonly compacting?: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function requestLoad(options: RequestOptions): Promise<LoadResult> {
  const sessions = await connectAll(options, options.connections);
  const clients = await Promise.all(
    Array.from({ length: options.clients }, (_, n) =>
      clientOf(options, sessions[n % sessions.length] as ClientHttp2Session),
    ),
  );
  const latencies: number[] = [];
  const requestsMax = options.requests ?? Number.POSITIVE_INFINITY;
  const start = performance.now();
  let end = start + options.seconds * 1000;
  if (options.compacting) {
    compact(sessions[0] as ClientHttp2Session).then(() => {
      end = 0;
    }, fail);
  }
  let sent = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let begin = performance.now(); begin < end && sent < requestsMax; ) {
        sent += 1;
        await client(sent);
        const now = performance.now();
        latencies.push(now - begin);
        begin = now;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const session of sessions) session.destroy();
  return { requests: latencies.length, seconds, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
}

async function compact(session: ClientHttp2Session): Promise<void> {
  const look = framed(etcdserverpb.RangeRequest.encode({ key: Buffer.from('bench/') }).finish());
  const { header } = etcdserverpb.RangeResponse.decode(await ask(session, '/etcdserverpb.KV/Range', look));
  const order = { revision: header?.revision ?? 0, physical: true };
  await ask(session, '/etcdserverpb.KV/Compact', framed(etcdserverpb.CompactionRequest.encode(order).finish()));
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

/** One client that asks at a steady rate, whether it has been answered or not: what it notices is not how much it does. */
export interface SteadyOptions extends Access, WorkOptions {
  readonly kind: 'steady';
  readonly seconds: number;
  readonly putsPerSecond: number;
}

async function steadyLoad(options: SteadyOptions): Promise<LoadResult> {
  const [session] = await connectAll(options, 1);
  const client = await clientOf(options, session as ClientHttp2Session);
  const latencies: number[] = [];
  const all: Promise<void>[] = [];
  const start = performance.now();
  for (let n = 0; n < options.seconds * options.putsPerSecond; n++) {
    const due = start + (n * 1000) / options.putsPerSecond;
    await delay(Math.max(0, due - performance.now()));
    const began = performance.now();
    all.push(client(n).then(() => void latencies.push(performance.now() - began)));
  }
  await Promise.all(all);
  const seconds = (performance.now() - start) / 1000;
  session?.destroy();
  return { requests: latencies.length, seconds, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
}

export type LoadOptions = RequestOptions | SteadyOptions | WatchOptions;

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const run = { requests: requestLoad, steady: steadyLoad, watch: watchLoad }[options.kind] as (
  options: LoadOptions,
) => Promise<unknown>;
const result = await run(options).catch(fail);
process.stdout.write(`${JSON.stringify(result)}\n`);
