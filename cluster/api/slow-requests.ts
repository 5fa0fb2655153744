import type { Logger } from '../logger.js';
import { operationText } from '../operations/describe.js';
import { OccasionalLog } from '../transport/occasional-log.js';
import type { etcdserverpb } from '../wire/generated/messages.js';
import { rangeOf, txnOf } from '../wire/requests.js';
import { auditedFields } from './audit/audited-fields.js';

export interface SlowLimits {
  /** --warning-apply-duration: of reads, from their call to their answer. Writes are timed where they are applied. */
  readonly readMs: number;
  /** --warning-unary-request-duration: of any call with one answer. */
  readonly requestMs: number;
}

export const etcdSlowLimits: SlowLimits = { readMs: 100, requestMs: 300 };

const rangePath = '/etcdserverpb.KV/Range';
const txnPath = '/etcdserverpb.KV/Txn';

/** Those that wait for somebody else are not slow. */
const waiting: ReadonlySet<string> = new Set(['/v3lockpb.Lock/Lock', '/v3electionpb.Election/Campaign']);

/** Warns of calls that took long, in etcd's words: what was asked, and never a value or a password. */
export class SlowRequests {
  readonly #log: OccasionalLog;
  readonly #limits: SlowLimits;
  /** Calls that took no longer than this are none of its business. */
  readonly leastMs: number;

  constructor(logger: Logger, limits: SlowLimits) {
    this.#log = new OccasionalLog(logger, 1000);
    this.#limits = limits;
    this.leastMs = Math.min(limits.readMs, limits.requestMs);
  }

  note(
    path: string,
    remote: string,
    request: object,
    tookMs: number,
    sizes: readonly [request: number, response: number],
  ): void {
    const { readMs, requestMs } = this.#limits;
    if (path === rangePath && tookMs > readMs) this.#read('read-only range ', request, tookMs, sizes[1]);
    else if (tookMs > requestMs && !waiting.has(path)) this.#any(path, remote, request, tookMs, sizes);
  }

  #read(prefix: string, request: object, tookMs: number, responseBytes: number): void {
    const fields = {
      ...{ took: `${tookMs.toFixed(3)}ms`, 'expected-duration': `${this.#limits.readMs}ms`, prefix },
      ...{ request: contentOf(rangePath, request), response: `size:${responseBytes}` },
    };
    this.#log.warn('apply request took too long', fields, prefix);
  }

  #any(path: string, remote: string, request: object, tookMs: number, sizes: readonly [number, number]): void {
    const fields = {
      ...{ 'time spent': `${tookMs.toFixed(3)}ms`, remote, 'response type': path },
      ...{ 'request size': sizes[0], 'response size': sizes[1], 'request content': contentOf(path, request) },
    };
    this.#log.warn('request stats', fields, path);
  }
}

function contentOf(path: string, request: object): string {
  if (path === rangePath) return operationText(rangeOf(request as etcdserverpb.RangeRequest));
  if (path === txnPath) return operationText(txnOf(request as etcdserverpb.TxnRequest));
  return JSON.stringify(auditedFields(request));
}
