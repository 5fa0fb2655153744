/** What a handler knows of a call besides its request; the transports provide it, and work out each part when asked. */
export interface CallContext {
  /** Metadata `token`, or `authorization`. */
  readonly token: string | undefined;
  /** Subject CN of the client's certificate, if its chain was verified. */
  readonly commonName: string | undefined;
  /** Metadata `hasleader: true`: rather no answer than one of a member that has lost the cluster. */
  readonly leaderRequired: boolean;
  /** Aborts when the client has gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** Address and port, for logs. */
  readonly remote: string;
}

/** check -> caller -> call -> header; throws ClusterError, which the transport turns into a status. */
export type Handler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

/** Ends when the signal aborts. */
export type StreamHandler<Request, Response> = (request: Request, context: CallContext) => AsyncIterable<Response>;
