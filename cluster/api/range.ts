import { ClusterError } from '../errors.js';
import { type Revision, revision } from '../numbers.js';
import type { KeyValue, Range, RangeResult, TxnResult } from '../operations/kv.js';
import { isPlain } from '../store/index.js';
import { etcdserverpb } from '../wire/generated/messages.js';
import { keyRangeOf } from '../wire/key-ranges.js';
import { Pieces, type RequestOf, type ResponseOf } from '../wire/method.js';
import { rangeOf } from '../wire/requests.js';
import { type Header, keyValueMessage, rangeResponse } from '../wire/responses.js';
import type { kvMethods } from '../wire/services.js';
import { checkKey } from './checks.js';
import type { CallContext, Handler } from './context.js';
import type { Desk } from './desk.js';
import { countedBytesMin } from './held-answers.js';

type Request = RequestOf<typeof kvMethods.range>;
type Response = ResponseOf<typeof kvMethods.range>;

/** So long a page takes, about: others are kept no longer. */
const pageMs = 1;
/** Keys of the first page, before it is known how long one takes, and by how much the next may be longer or shorter. */
const keysFirst = 25;
const growthMax = 8;
/** Of a key besides itself and its value, at least. */
const keyBytes = 20;

const zero = Buffer.of(0);
export const afterKey = (key: Uint8Array): Uint8Array => Buffer.concat([key, zero]);

/** Of keys and values as a message, about. */
export const sizeOf = (kvs: readonly KeyValue[]): number =>
  kvs.reduce((sum, { key, value }) => sum + key.length + value.length + keyBytes, 0);

/** Counts what was read of a range as unread by its client; in one go with the reading, or many would read at once. */
export function hold({ kvs }: RangeResult, context: CallContext): void {
  const bytes = sizeOf(kvs);
  if (bytes >= countedBytesMin) context.hold(bytes);
}

export function holdTxn({ results }: TxnResult, context: CallContext): void {
  for (const result of results) {
    if (result.kind === 'range') hold(result, context);
    else if (result.kind === 'txn') holdTxn(result, context);
  }
}

/**
 * KV.Range. A long one is read and encoded page by page, all as of one revision, and others get their turn in between;
 * only one that has to see all keys before the first is known, since it sorts or filters them, is read in one go.
 */
export function rangeHandler(desk: Desk): Handler<Request, Response> {
  return async (request, context) => {
    checkKey(keyRangeOf(request));
    const range = rangeOf(request);
    if (!range.serializable) await desk.state.consensus.linearize();
    if (!isPaged(range)) return whole(desk, range, context);
    try {
      return await paged(desk, range, context);
    } catch (error) {
      // Its revision was the latest, and then compacted while it was read.
      if (isCompacted(error) && range.revision <= 0) return whole(desk, range, context);
      throw error;
    }
  };
}

const isPaged = (range: Range): boolean => (range.end?.length ?? 0) > 0 && !range.countOnly && isPlain(range);

const isCompacted = (error: unknown): boolean => error instanceof ClusterError && error.code === 'compacted';

interface Page {
  readonly result: RangeResult;
  readonly header: Header;
  /** Keys and values, encoded; undefined of a page that is all there is. */
  readonly part: Uint8Array | undefined;
  readonly tookMs: number;
}

/** Read and encoded in a turn of its own. Permission is asked for each page: who loses it gets nothing. */
function read(desk: Desk, range: Range, context: CallContext, hasBegun = false): Promise<Page> {
  const { alarms, permissions } = desk.state;
  return desk.read(
    context,
    (caller) => {
      alarms.checkRead();
      permissions.checkRead(caller, range);
      const began = performance.now();
      const result = timed(desk, range, began);
      hold(result, context);
      const part = result.more || hasBegun ? encodedKeys(result) : undefined;
      return { result, header: desk.header(), part, tookMs: performance.now() - began };
    },
    hasBegun,
  );
}

/** What fails is counted here; what succeeds once all of its pages are there. */
function timed({ state: { kv, measures } }: Desk, range: Range, began: number): RangeResult {
  try {
    return kv.range(range);
  } catch (error) {
    measures.ranges.failed.observe((performance.now() - began) / 1000);
    throw error;
  }
}

const encodedKeys = ({ kvs }: RangeResult): Uint8Array => encoded({ kvs: kvs.map(keyValueMessage) });

const noteRead = ({ state }: Desk, tookMs: number): void => state.measures.ranges.succeeded.observe(tookMs / 1000);

async function whole(desk: Desk, range: Range, context: CallContext): Promise<Response> {
  const { result, header, tookMs } = await read(desk, range, context);
  noteRead(desk, tookMs);
  return rangeResponse(result, header) as Response;
}

async function paged(desk: Desk, wanted: Range, context: CallContext): Promise<Response | Pieces> {
  const total = wanted.limit > 0 ? wanted.limit : Number.POSITIVE_INFINITY;
  const first = await read(desk, { ...wanted, limit: Math.min(keysFirst, total) }, context);
  const { result, header, part } = first;
  if (part === undefined || result.kvs.length >= total) {
    noteRead(desk, first.tookMs);
    return rangeResponse(result, header) as Response;
  }
  const at = wanted.revision > 0 ? wanted.revision : revisionOf(header);
  const parts = [part];
  let [last, done, limit]: [Page, number, number] = [first, result.kvs.length, keysFirst];
  let { tookMs } = first;
  while (last.result.more && done < total) {
    limit = nextLimit(limit, last.tookMs);
    const key = afterKey(last.result.kvs.at(-1)?.key ?? wanted.key);
    last = await read(desk, { ...wanted, key, revision: at, limit: Math.min(limit, total - done) }, context, true);
    if (last.part !== undefined) parts.push(last.part);
    done += last.result.kvs.length;
    tookMs += last.tookMs;
  }
  noteRead(desk, tookMs);
  const { more } = last.result;
  return new Pieces([encoded({ header }), ...parts, encoded({ more, count: result.count })]);
}

const encoded = (fields: etcdserverpb.RangeResponse.$Properties): Uint8Array =>
  etcdserverpb.RangeResponse.encode(fields).finish();

const revisionOf = ({ revision: at }: Header): Revision => revision(Number(at));

const nextLimit = (limit: number, tookMs: number): number =>
  Math.max(1, Math.round(limit * Math.min(growthMax, Math.max(1 / growthMax, pageMs / tookMs))));
