import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Measures, MethodMeasures } from '../measures.js';
import { grpcStatus as grpc } from '../wire/grpc-status.js';
import { type Method, Pieces } from '../wire/method.js';
import { statusOf } from '../wire/status.js';
import type { Audit } from './audit/audit.js';
import { AuditedStream } from './audit/audited-stream.js';
import type { BidirectionalHandler, Exchange, Handler, Replies, StreamHandler } from './context.js';
import type { Desk } from './desk.js';
import { unreadable } from './grpc-format.js';
import type { SlowRequests } from './slow-requests.js';

// The three kinds of methods that gRPC has and etcd uses, each from its handler to the call: decode, ask, encode.

/** How a method answers its calls. `serve` never rejects. */
export type Served =
  | { readonly kind: 'unary' | 'stream'; readonly serve: (message: Buffer, call: Exchange) => Promise<void> }
  | {
      readonly kind: 'bidirectional';
      readonly serve: (messages: AsyncIterable<Buffer>, call: Exchange) => Promise<void>;
      /** To be told when something comes that is no message. */
      readonly noteUnreadable: () => void;
    };

export interface KindOptions {
  readonly desk: Pick<Desk, 'checkLeader' | 'checkLearner'>;
  /** --max-request-bytes */
  readonly requestBytesMax: number;
  readonly logger: Logger;
  readonly measures: Measures;
  readonly slow: SlowRequests;
  /** Undefined: no audit log is kept. */
  readonly audit: Audit | undefined;
}

type ServerMethod<Request, Response> = Method<never, Request, Response, unknown>;

export const unary = <Request extends object, Response>(
  method: ServerMethod<Request, Response>,
  handler: Handler<Request, Response>,
  { desk, requestBytesMax, logger, measures, slow, audit }: KindOptions,
): Served => {
  const counted = measures.method(method.path, 'unary');
  return {
    kind: 'unary',
    async serve(message, call) {
      const began = performance.now();
      counted.began();
      counted.heard(message.length);
      let request: Request | undefined;
      try {
        checkSize(message, requestBytesMax);
        request = decoded(method, message, call, counted);
        desk.checkLearner(servedByLearner(method.path, request));
        measures.unaryRequests.asked(call.clientVersion);
        desk.checkLeader(call);
        const response = await handler(request, call);
        const frame = response instanceof Pieces ? response : method.responseFrame(response);
        call.answer(frame);
        const tookMs = performance.now() - began;
        counted.said(frame.length);
        counted.ended(grpc.OK, tookMs);
        audit?.note(call, request);
        if (tookMs > slow.leastMs) slow.note(method.path, call.remote, request, tookMs, [message.length, frame.length]);
      } catch (error) {
        counted.ended(fail(call, error, logger), performance.now() - began);
        audit?.note(call, request, error);
      }
    },
  };
};

export const streaming = <Request extends object, Response>(
  method: ServerMethod<Request, Response>,
  handler: StreamHandler<Request, Response>,
  { desk, requestBytesMax, logger, measures, audit }: KindOptions,
): Served => {
  const counted = measures.method(method.path, 'server_stream');
  return {
    kind: 'stream',
    async serve(message, call) {
      const began = performance.now();
      counted.began();
      counted.heard(message.length);
      let request: Request | undefined;
      try {
        checkSize(message, requestBytesMax);
        request = decoded(method, message, call, counted);
        desk.checkLearner(method.path === snapshotPath);
        measures.streamRequests.asked(call.clientVersion);
        desk.checkLeader(call);
        await writeAll(method, handler(request, call), call, counted);
        counted.ended(grpc.OK, performance.now() - began);
        audit?.note(call, request);
      } catch (error) {
        counted.ended(fail(call, error, logger), performance.now() - began);
        audit?.note(call, request, error);
      }
    },
  };
};

export const bidirectional = <Request extends object, Response>(
  method: ServerMethod<Request, Response>,
  handler: BidirectionalHandler<Request, Response>,
  { desk, logger, measures, audit }: KindOptions,
): Served => {
  const counted = measures.method(method.path, 'bidi_stream');
  return {
    kind: 'bidirectional',
    noteUnreadable: () => {
      counted.unreadable += 1;
    },
    async serve(messages, call) {
      const began = performance.now();
      counted.began();
      const noted = audit && new AuditedStream(audit, call);
      try {
        desk.checkLearner(false);
        measures.streamRequests.asked(call.clientVersion);
        desk.checkLeader(call);
        const replies = new CountedReplies(method, call, counted, noted);
        await handler(requests(method, messages, call, counted, noted), call, replies);
        call.end();
        counted.ended(grpc.OK, performance.now() - began);
      } catch (error) {
        counted.ended(fail(call, error, logger), performance.now() - began);
        noted?.failed(error);
      }
    },
  };
};

const rangePath = '/etcdserverpb.KV/Range';
const statusPath = '/etcdserverpb.Maintenance/Status';
const snapshotPath = '/etcdserverpb.Maintenance/Snapshot';

/** What a learner answers as well: how it is, what it has, and a copy of that. */
const servedByLearner = (path: string, request: unknown): boolean =>
  path === statusPath || (path === rangePath && (request as { serializable?: boolean }).serializable === true);

async function writeAll<Request, Response>(
  method: ServerMethod<Request, Response>,
  responses: AsyncIterable<Response>,
  call: Exchange,
  counted: MethodMeasures,
): Promise<void> {
  const replies = new CountedReplies(method, call, counted);
  for await (const response of responses) {
    const room = replies.send(response);
    if (room !== undefined) await room;
    if (call.over) return;
  }
  call.end();
}

type Framing<Response> = Pick<ServerMethod<never, Response>, 'responseFrame'>;

/** The answers of one call, counted, and noted where an audit log is kept. */
class CountedReplies<Response> implements Replies<Response> {
  readonly #method: Framing<Response>;
  readonly #call: Exchange;
  readonly #counted: MethodMeasures;
  readonly #noted: AuditedStream | undefined;

  constructor(method: Framing<Response>, call: Exchange, counted: MethodMeasures, noted?: AuditedStream) {
    this.#method = method;
    this.#call = call;
    this.#counted = counted;
    this.#noted = noted;
  }

  send(response: Response): Promise<unknown> | undefined {
    this.#noted?.answered(response);
    return this.sendFrame(this.#method.responseFrame(response));
  }

  sendFrame(frame: Buffer): Promise<unknown> | undefined {
    if (this.#call.over) return undefined;
    this.#counted.said(frame.length);
    return this.#call.write(frame);
  }
}

async function* requests<Request extends object, Response>(
  method: ServerMethod<Request, Response>,
  messages: AsyncIterable<Buffer>,
  call: Exchange,
  counted: MethodMeasures,
  noted: AuditedStream | undefined,
): AsyncGenerator<Request> {
  for await (const message of messages) {
    counted.heard(message.length);
    const request = decoded(method, message, call, counted);
    noted?.asked(request);
    yield request;
  }
}

function checkSize({ length }: Buffer, bytesMax: number): void {
  if (length <= bytesMax) return;
  throw new ClusterError('request-too-large', `a request is at most ${bytesMax} bytes long`, { length });
}

/** @throws ClusterError cancelled when it is none; the call has been told so then */
function decoded<Request, Response>(
  method: ServerMethod<Request, Response>,
  message: Buffer,
  call: Exchange,
  counted: MethodMeasures,
): Request {
  try {
    return method.requestDeserialize(message);
  } catch (cause) {
    counted.unreadable += 1;
    call.end(unreadable(cause));
    throw new ClusterError('cancelled', 'what came is no message of the method', {}, { cause });
  }
}

/** Gives the gRPC status that it came to. */
function fail(call: Exchange, error: unknown, logger: Logger): number {
  const status = statusOf(error);
  // Then the error is most likely about that.
  if (call.over) return status.code;
  if (status.code === grpc.INTERNAL) {
    logger.error('a request failed', { path: call.path, 'remote-addr': call.remote, error });
  }
  call.end(status);
  return status.code;
}
