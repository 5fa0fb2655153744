import { randomBytes } from 'node:crypto';
import type { ClientHttp2Session } from 'node:http2';
import { etcdserverpb } from '../cluster/wire/generated/messages.js';
import { ask, call, converse, framed } from './client.js';

export const works = ['put', 'get', 'serializable-get', 'txn', 'keepalive', 'fill', 'list', 'count'] as const;
export type Work = (typeof works)[number];

export interface WorkOptions {
  readonly work: Work;
  readonly valueBytes: number;
  /** Of the store that `fill` makes, and that all others work on. */
  readonly keys: number;
  /** Of a `list`. */
  readonly limit: number;
}

/** The n-th request of all clients together, on its way until it resolves. */
export type Client = (n: number) => Promise<void>;

export const keyOf = (n: number): Buffer => Buffer.from(`bench/${String(n).padStart(14, '0')}`);

const leaseSeconds = 600;
/** Steps through all of 0 … keys-1 in an order that jumps about: keys come to a real store in no order either. */
const stride = 7_368_787;

/** What a client of the load does over and over. */
export async function clientOf(options: WorkOptions, session: ClientHttp2Session): Promise<Client> {
  if (options.work === 'keepalive') return keepingAlive(session);
  const { path, frame } = unary(options);
  return (n) => call(session, path, frame(n));
}

function unary({ work, valueBytes, keys, limit }: WorkOptions): {
  readonly path: string;
  readonly frame: (n: number) => Buffer;
} {
  const value = randomBytes(valueBytes);
  const key = (n: number): Buffer => keyOf((n * stride) % keys);
  const range = (fields: (n: number) => etcdserverpb.RangeRequest.$Properties) => ({
    path: '/etcdserverpb.KV/Range',
    frame: (n: number) => framed(etcdserverpb.RangeRequest.encode(fields(n)).finish()),
  });
  switch (work) {
    case 'get':
      return range((n) => ({ key: key(n) }));
    case 'serializable-get':
      return range((n) => ({ key: key(n), serializable: true }));
    case 'list':
      return range((n) => ({
        key: keyOf((n * limit) % keys),
        rangeEnd: Buffer.from('bench0'),
        limit,
        serializable: true,
      }));
    case 'count':
      return range(() => ({ key: keyOf(0), rangeEnd: Buffer.from('bench0'), countOnly: true, serializable: true }));
    case 'txn':
      return {
        path: '/etcdserverpb.KV/Txn',
        frame: (n) => framed(etcdserverpb.TxnRequest.encode(txnOf(key(n), value)).finish()),
      };
    default:
      return {
        path: '/etcdserverpb.KV/Put',
        frame: (n) => framed(etcdserverpb.PutRequest.encode({ key: key(n), value }).finish()),
      };
  }
}

/** As a lock or a controller writes: only if the key is (or is not) there yet, else a look at it. */
const txnOf = (key: Buffer, value: Buffer): etcdserverpb.TxnRequest.$Properties => ({
  compare: [
    {
      key,
      target: etcdserverpb.Compare.CompareTarget.VERSION,
      result: etcdserverpb.Compare.CompareResult.GREATER,
      version: -1,
    },
  ],
  success: [{ requestPut: { key, value } }],
  failure: [{ requestRange: { key } }],
});

/** A lease of its own, and one stream on which it is kept alive. */
async function keepingAlive(session: ClientHttp2Session): Promise<Client> {
  const grant = framed(etcdserverpb.LeaseGrantRequest.encode({ TTL: leaseSeconds }).finish());
  const { ID } = etcdserverpb.LeaseGrantResponse.decode(await ask(session, '/etcdserverpb.Lease/LeaseGrant', grant));
  const frame = framed(etcdserverpb.LeaseKeepAliveRequest.encode({ ID }).finish());
  let answered: () => void = () => {};
  let failed: (error: Error) => void = () => {};
  const send = converse(
    session,
    '/etcdserverpb.Lease/LeaseKeepAlive',
    () => answered(),
    (error) => failed(error),
  );
  return () =>
    new Promise((resolve, reject) => {
      answered = resolve;
      failed = reject;
      send(frame);
    });
}
