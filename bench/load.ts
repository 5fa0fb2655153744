// A load program for any etcd v3 server, run in a process of its own: a fixed number of clients, each with one request
// under way, over mutual TLS. Lean on purpose (node:http2 and prepared frames), so that the servers get the processor.
// Usage: node dist/bench/load.js '{"endpoints":["127.0.0.1:2379"],"ca":…,"cert":…,"key":…,"work":"put","clients":100,"connections":10,"seconds":5,"valueBytes":256}'
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { etcdserverpb } from '../cluster/wire/generated/messages.js';

export type Work = 'put' | 'get' | 'serializable-get';

export interface LoadOptions {
  readonly endpoints: readonly string[];
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly work: Work;
  readonly clients: number;
  readonly connections: number;
  readonly seconds: number;
  readonly valueBytes: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const keysMax = 10_000;

const framed = (message: Uint8Array): Buffer => {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
};

const keyOf = (n: number): Buffer => Buffer.from(`bench/${String(n % keysMax).padStart(8, '0')}`);

function request(work: Work, valueBytes: number): { readonly path: string; frame(n: number): Buffer } {
  const value = randomBytes(valueBytes);
  if (work === 'put') {
    return {
      path: '/etcdserverpb.KV/Put',
      frame: (n) => framed(etcdserverpb.PutRequest.encode({ key: keyOf(n), value }).finish()),
    };
  }
  const serializable = work === 'serializable-get';
  return {
    path: '/etcdserverpb.KV/Range',
    frame: (n) => framed(etcdserverpb.RangeRequest.encode({ key: keyOf(n), serializable }).finish()),
  };
}

function call(session: http2.ClientHttp2Session, path: string, frame: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    const note = (headers: http2.IncomingHttpHeaders) => {
      status = headers['grpc-status'] ?? status;
      if (status !== undefined && status !== '0')
        reject(new Error(`${path}: grpc-status ${status}: ${headers['grpc-message']}`));
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', reject);
    stream.on('close', resolve);
    stream.resume();
    stream.end(frame);
  });
}

function connect(options: LoadOptions, n: number): Promise<http2.ClientHttp2Session> {
  const endpoint = options.endpoints[n % options.endpoints.length];
  const session = http2.connect(`https://${endpoint}`, {
    ca: readFileSync(options.ca),
    cert: readFileSync(options.cert),
    key: readFileSync(options.key),
  });
  return new Promise((resolve, reject) => {
    session.once('error', reject);
    session.once('connect', () => resolve(session));
  });
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const { path, frame } = request(options.work, options.valueBytes);
  const sessions = await Promise.all(Array.from({ length: options.connections }, (_, n) => connect(options, n)));
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + options.seconds * 1000;
  let sent = 0;
  const client = async (n: number) => {
    const session = sessions[n % sessions.length];
    if (session === undefined) return;
    for (let begin = performance.now(); begin < end; ) {
      sent += 1;
      await call(session, path, frame(sent));
      const now = performance.now();
      latencies.push(now - begin);
      begin = now;
    }
  };
  await Promise.all(Array.from({ length: options.clients }, (_, n) => client(n)));
  const seconds = (performance.now() - start) / 1000;
  for (const session of sessions) session.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { requests: latencies.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

const argument = process.argv[2];
if (argument !== undefined)
  process.stdout.write(`${JSON.stringify(await load(JSON.parse(argument) as LoadOptions))}\n`);
