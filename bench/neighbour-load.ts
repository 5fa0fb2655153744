// Clients that behave badly, in a process of their own, until it is killed: `node dist/bench/neighbour-load.js '{…}'` says
// "ready" once they do.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { etcdserverpb } from '../cluster/wire/generated/messages.js';
import { callFrames, opening, rawConnection } from '../test/raw-http2.js';
import { type Access, call, connectAll, framed } from './client.js';

/** What they do: nothing; half a ClientHello; calls without an end; requests without their last byte; answers unread. */
export type Badly = 'idle' | 'handshake' | 'half-open' | 'half-said' | 'unread-list' | 'unread-value';

export interface NeighbourOptions extends Access {
  readonly badly: Badly;
  readonly connections: number;
  /** Of each connection. */
  readonly calls: number;
}

const options = JSON.parse(process.argv[2] ?? '') as NeighbourOptions;
const url = `https://${options.endpoints[0]}`;
const tls = { ca: readFileSync(options.ca), cert: readFileSync(options.cert), key: readFileSync(options.key) };

const paths = { range: '/etcdserverpb.KV/Range', put: '/etcdserverpb.KV/Put' };
const listed = 4000;
/** Of the largest request that is taken, and a little less. */
const requestBytes = 1_400_000;
/** That connect at the same time. */
const batch = 50;

const put = (key: string, valueBytes: number): Buffer =>
  framed(etcdserverpb.PutRequest.encode({ key: Buffer.from(key), value: Buffer.alloc(valueBytes) }).finish());
const range = (key: string, rangeEnd?: string): Buffer => {
  const end = rangeEnd === undefined ? {} : { rangeEnd: Buffer.from(rangeEnd) };
  return framed(etcdserverpb.RangeRequest.encode({ key: Buffer.from(key), ...end }).finish());
};

/** One connection's calls: method, request, and whether that is said to its end. */
const calls: Readonly<Record<Exclude<Badly, 'idle' | 'handshake' | 'half-said'>, readonly [string, Buffer, boolean]>> =
  {
    'half-open': [paths.put, Buffer.alloc(0), false],
    'unread-list': [paths.range, range('neighbours/list/', 'neighbours/list0'), true],
    'unread-value': [paths.range, range('neighbours/value'), true],
  };

/** What is read of: a value of 1 MB, and as much in small ones. */
async function fill(): Promise<void> {
  const [session] = await connectAll(options, 1);
  if (session === undefined) return;
  await call(session, paths.put, put('neighbours/value', 1_000_000));
  for (let n = 0; n < listed; n += 100) {
    const keys = Array.from({ length: 100 }, (_, more) => `neighbours/list/${n + more}`);
    await Promise.all(keys.map((key) => call(session, paths.put, put(key, 256))));
  }
  session.destroy();
}

/** Every other one does not even read its socket; the rest take nothing of any stream. */
async function talk(n: number): Promise<void> {
  const socket = await rawConnection(url, tls);
  const isDeaf = n % 2 === 0;
  if (isDeaf) socket.pause();
  else socket.resume();
  socket.write(opening(isDeaf ? 'largest' : 'none'));
  if (options.badly === 'idle' || options.badly === 'handshake' || options.badly === 'half-said') return;
  const [path, request, isOver] = calls[options.badly];
  for (let stream = 1; stream < 2 * options.calls; stream += 2) socket.write(callFrames(stream, path, request, isOver));
}

/** By a client that keeps to what it may send: all that came has to be kept until the last byte comes. */
async function sayHalf(): Promise<void> {
  const request = put('neighbours/said', requestBytes).subarray(0, -1);
  const [session] = await connectAll(options, 1);
  for (let n = 0; n < options.calls; n++) {
    const headers = { ':method': 'POST', ':path': paths.put, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session?.request(headers).on('error', () => {});
    stream?.resume().write(request);
  }
}

function beginHandshake(): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  return new Promise((resolve) => {
    socket.on('connect', () => {
      // A record of a handshake of 200 bytes, and four of them.
      socket.write(Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196]));
      resolve(socket);
    });
  });
}

function begin(n: number): Promise<unknown> {
  if (options.badly === 'handshake') return beginHandshake();
  return options.badly === 'half-said' ? sayHalf() : talk(n);
}

if (options.badly.startsWith('unread')) await fill();
for (let n = 0; n < options.connections; n += batch) {
  const some = Array.from({ length: Math.min(batch, options.connections - n) }, (_, more) => n + more);
  await Promise.all(some.map(begin));
}
process.stdout.write('ready\n');
setInterval(() => {}, 60_000);
