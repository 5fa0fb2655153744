import { ClusterError } from '../errors.js';
import { type Revision, revision } from '../numbers.js';
import type { Range, RangeResult } from '../operations/kv.js';
import { keyRangeOf } from '../wire/key-ranges.js';
import type { RequestOf, ResponseOf } from '../wire/method.js';
import { rangeOf } from '../wire/requests.js';
import { type Header, keyValueMessage } from '../wire/responses.js';
import type { kvMethods } from '../wire/services.js';
import { checkKey } from './checks.js';
import type { CallContext, StreamHandler } from './context.js';
import type { Desk } from './desk.js';
import { afterKey, sizeOf } from './range.js';

type Request = RequestOf<typeof kvMethods.rangeStream>;
type Response = ResponseOf<typeof kvMethods.rangeStream>;

/** Keys of a chunk: of the first one, and of any. */
const keysFirst = 10;
const keysMax = 1000;

/**
 * KV.RangeStream of etcd 3.7: a range in chunks about as large as a request may be, all as of one revision. The last chunk
 * has the header, with the revision that the store had at the first one, and the count.
 */
export function rangeStreamHandler(desk: Desk, chunkBytes: number): StreamHandler<Request, Response> {
  return async function* rangeStream(request, context) {
    checkKey(keyRangeOf(request));
    const asked = rangeOf(request);
    checkStreamable(asked);
    const wanted: Range = { ...asked, target: 'key' };
    if (!wanted.serializable) await desk.state.consensus.linearize();
    yield* wanted.countOnly ? countOnly(desk, wanted, context) : chunks(desk, wanted, context, chunkBytes);
  };
}

/** Permission is asked for each chunk: whoever loses it gets no more. It counts as unread, and the caller releases it. */
function read(desk: Desk, range: Range, context: CallContext): Promise<RangeResult & { readonly header: Header }> {
  const { alarms, kv, permissions } = desk.state;
  return desk.read(context, (caller) => {
    alarms.checkRead();
    permissions.checkRead(caller, range);
    const result = kv.range(range);
    context.reader.hold(sizeOf(result.kvs), 'stream');
    return { ...result, header: desk.header() };
  });
}

async function* countOnly(desk: Desk, range: Range, context: CallContext): AsyncGenerator<Response> {
  const { header, count } = await read(desk, range, context);
  yield { rangeResponse: { header, count } };
}

async function* chunks(desk: Desk, wanted: Range, context: CallContext, chunkBytes: number): AsyncGenerator<Response> {
  const total = wanted.limit > 0 ? wanted.limit : Number.POSITIVE_INFINITY;
  let first: Header | undefined;
  let [key, sent, limit] = [wanted.key, 0, keysFirst];
  while (!context.signal.aborted) {
    const at: Revision = wanted.revision > 0 || first === undefined ? wanted.revision : revisionOf(first);
    const page = { ...wanted, key, revision: at, limit: Math.min(limit, total - sent) };
    const { kvs, more, count, header } = await read(desk, page, context);
    first ??= header;
    const last = kvs.at(-1);
    const isLast = !more || last === undefined || sent + kvs.length >= total;
    const closing = isLast ? { header: first, more, count: sent + count } : {};
    const bytes = sizeOf(kvs);
    try {
      yield { rangeResponse: { kvs: kvs.map(keyValueMessage), ...closing } };
    } finally {
      context.reader.release(bytes, 'stream');
    }
    if (isLast) return;
    sent += kvs.length;
    key = afterKey(last.key);
    limit = nextLimit(limit, bytes, chunkBytes);
  }
}

const revisionOf = ({ revision: at }: Header): Revision => revision(Number(at));

/** Doubled or halved only when a chunk was far from its size, so that it does not swing. */
function nextLimit(limit: number, bytes: number, wantedBytes: number): number {
  if (2 * bytes < wantedBytes) return Math.min(keysMax, 2 * limit);
  return bytes > 2 * wantedBytes ? Math.max(1, Math.floor(limit / 2)) : limit;
}

function checkStreamable(range: Range): void {
  // Without an order its target does not count, unlike in Range.
  if (range.order !== 'none' && (range.target !== 'key' || range.order === 'descend')) {
    throw new ClusterError('unimplemented', 'RangeStream does not support custom sort orders');
  }
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = range;
  if ([minModRevision, maxModRevision, minCreateRevision, maxCreateRevision].some((bound) => bound !== 0)) {
    throw new ClusterError('unimplemented', 'RangeStream does not support revision filters');
  }
}
