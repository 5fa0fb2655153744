import type { Pieces } from '../wire/method.js';
import type { ClientCertificate } from './certificate.js';
import type { Status } from './grpc-format.js';
import type { Reader } from './reader.js';

/** How many requests and answers a call has: one and one, one and several, several and several. */
export type MethodKind = 'unary' | 'stream' | 'bidirectional';

/** What a handler knows of a call besides its request; the transports provide it, and work out each part when asked. */
export interface CallContext {
  /** Metadata `token`, or `authorization`. */
  readonly token: string | undefined;
  /** Subject CN of the client's certificate, if its chain was verified. */
  readonly commonName: string | undefined;
  /** Metadata `hasleader: true`: rather no answer than one of a member that has lost the cluster. */
  readonly leaderRequired: boolean;
  /** Aborts when the client has gone, its deadline has passed, or the call was ended from this side. */
  readonly signal: AbortSignal;
  /** Address and port, for logs. */
  readonly remote: string;
  /** What is unread on the connection, and its turns. */
  readonly reader: Reader;
  /** Whether nothing can be said any more: all was said, or the client has gone. */
  readonly over: boolean;
  /** Whom the caller was found to be, once that was asked: for the audit log. */
  user?: string | undefined;
  /** Counts so much of the only answer as unread, before it is given: until the client has taken it, or has gone. */
  hold(bytes: number): void;
}

/** A call as its method answers it; whether it is gRPC or JSON that goes out is the transport's affair. */
export interface Exchange extends CallContext {
  /** The method's, of gRPC. */
  readonly path: string;
  /** Metadata `client-api-version`, as the client has it. */
  readonly clientVersion: string | undefined;
  /** What the connection showed; who comes through the gateway is not who it names. */
  readonly certificate: ClientCertificate | undefined;
  readonly viaGateway: boolean;
  /** The only answer, and that all is well. */
  answer(frame: Buffer | Pieces): void;
  /** One of several answers. Undefined: there is room for the next; else resolves once there is, rejects when the client has gone. */
  write(frame: Buffer): Promise<unknown> | undefined;
  /** Without an answer, or after those there are. */
  end(status?: Status): void;
}

/** check -> caller -> call -> header; throws ClusterError, which the transport turns into a status. */
export type Handler<Request, Response> = (request: Request, context: CallContext) => Promise<Response | Pieces>;

/** One request, several answers. Ends when the signal aborts; the next answer is asked for once there is room for it. */
export type StreamHandler<Request, Response> = (request: Request, context: CallContext) => AsyncIterable<Response>;

/** Where a handler puts the answers of its call. */
export interface Replies<Response> {
  /** Undefined: there is room for the next; else resolves once there is, rejects when the client has gone. */
  send(response: Response): Promise<unknown> | undefined;
  /** As `send`, what the handler has encoded itself: a message of the method behind its frame's header. */
  sendFrame(frame: Buffer): Promise<unknown> | undefined;
}

/**
 * Requests as they come, answers as there are any. `requests` ends when the client has said all (its answers may go on),
 * and throws ClusterError cancelled when it broke off; what is not taken from it is not read. The stream ends with what
 * the handler comes to; it comes to its end when the signal aborts.
 */
export type BidirectionalHandler<Request, Response> = (
  requests: AsyncIterable<Request>,
  context: CallContext,
  replies: Replies<Response>,
) => Promise<void>;
