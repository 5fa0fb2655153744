import type { ClientHttp2Session } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { etcdserverpb } from '../cluster/wire/generated/messages.js';
import { type Access, call, connectAll, converse, framed } from './client.js';
import { percentile } from './figures.js';
import { memoryMegabytes } from './processes.js';

export interface WatchOptions extends Access {
  readonly kind: 'watch';
  readonly connections: number;
  readonly streams: number;
  readonly watchersPerStream: number;
  /** `shared`: all watch one prefix, and each change goes to all. `own`: each has a key, and each change goes to one. */
  readonly keys: 'shared' | 'own';
  readonly putsPerSecond: number;
  readonly seconds: number;
  readonly valueBytes: number;
  /** The member whose memory is of interest. */
  readonly pid: number;
}

export interface WatchResult {
  readonly deliveries: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the member: before the watchers came, with all of them, and after they were told for a while. */
  readonly restMegabytes: number;
  readonly watchedMegabytes: number;
  readonly toldMegabytes: number;
}

const path = '/etcdserverpb.Watch/Watch';
const prefix = 'watched/';
const deliveryMs = 10_000;

const watchedKey = (n: number): Buffer => Buffer.from(`${prefix}${String(n).padStart(8, '0')}`);

const createFrame = (key: Buffer, rangeEnd?: Buffer): Buffer =>
  framed(
    etcdserverpb.WatchRequest.encode({ createRequest: rangeEnd === undefined ? { key } : { key, rangeEnd } }).finish(),
  );

/** Puts at a steady rate, and how long after its sending each change was with each who watches it. */
export async function watchLoad(options: WatchOptions): Promise<WatchResult> {
  const restMegabytes = memoryMegabytes([options.pid]).now;
  const sessions = await connectAll(options, options.connections);
  const sentAt: number[] = [];
  const latencies: number[] = [];
  const onEvent = (value: Uint8Array): void => {
    latencies.push(performance.now() - (sentAt[Buffer.from(value).readUInt32BE()] ?? Number.NaN));
  };
  await Promise.all(
    Array.from({ length: options.streams }, (_, n) =>
      watchOn(sessions[n % sessions.length] as ClientHttp2Session, n, options, onEvent),
    ),
  );
  const watchedMegabytes = memoryMegabytes([options.pid]).now;
  await putSteadily(sessions, options, sentAt);
  const deliveries = sentAt.length * (options.keys === 'shared' ? options.streams * options.watchersPerStream : 1);
  const deadline = performance.now() + deliveryMs;
  while (latencies.length < deliveries && performance.now() < deadline) await delay(10);
  if (latencies.length !== deliveries) throw new Error(`${latencies.length} of ${deliveries} deliveries came`);
  const toldMegabytes = memoryMegabytes([options.pid]).now;
  for (const session of sessions) session.destroy();
  const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return { deliveries, p50Ms, p99Ms, restMegabytes, watchedMegabytes, toldMegabytes };
}

/** Resolves when all watchers of the stream are there. */
function watchOn(
  session: ClientHttp2Session,
  stream: number,
  { keys, watchersPerStream }: WatchOptions,
  onEvent: (value: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let created = 0;
    const onMessage = (message: Buffer): void => {
      const response = etcdserverpb.WatchResponse.decode(message);
      if (response.canceled) reject(new Error(`a watcher was cancelled: ${response.cancelReason}`));
      if (response.created && ++created === watchersPerStream) resolve();
      for (const { kv } of response.events) onEvent(kv?.value ?? new Uint8Array(4));
    };
    const send = converse(session, path, onMessage, reject);
    for (let n = 0; n < watchersPerStream; n++) {
      send(
        keys === 'shared'
          ? createFrame(Buffer.from(prefix), Buffer.from('watched0'))
          : createFrame(watchedKey(stream * watchersPerStream + n)),
      );
    }
  });
}

async function putSteadily(sessions: readonly ClientHttp2Session[], options: WatchOptions, sentAt: number[]) {
  const { putsPerSecond, seconds, streams, watchersPerStream, valueBytes } = options;
  const start = performance.now();
  const puts: Promise<void>[] = [];
  while (sentAt.length < putsPerSecond * seconds) {
    const due = ((performance.now() - start) / 1000) * putsPerSecond;
    while (sentAt.length < Math.min(due, putsPerSecond * seconds)) {
      const n = sentAt.length;
      const value = Buffer.alloc(valueBytes);
      value.writeUInt32BE(n);
      const key = watchedKey((n * 7919) % (streams * watchersPerStream));
      const session = sessions[n % sessions.length] as ClientHttp2Session;
      sentAt.push(performance.now());
      puts.push(call(session, '/etcdserverpb.KV/Put', framed(etcdserverpb.PutRequest.encode({ key, value }).finish())));
    }
    await delay(1);
  }
  await Promise.all(puts);
}
