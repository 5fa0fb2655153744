import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

// What the pages need of a request and a response of either version: those of node:http, and of node:http2.

export interface PageRequest extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
  readonly complete: boolean;
}

export interface PageResponse extends NodeJS.EventEmitter {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers?: Readonly<Record<string, string | number>>): unknown;
  write(chunk: string): boolean;
  end(chunk?: string | Uint8Array): unknown;
}

export type PageHandler = (request: PageRequest, response: PageResponse) => void;

export interface Answer {
  readonly status: number;
  readonly type: 'application/json' | 'text/plain; charset=utf-8' | (string & {});
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TextAnswer extends Answer {
  readonly body: string;
}

export const remoteOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

/** How long a client may take for a body that is read to its end, and for each message of a stream that it has begun. */
export const usualBodyMs = 60_000;

/** Ends the connection of a client that does not come to the end of what it says. */
export class BodyTimer {
  readonly #request: PageRequest;
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: PageRequest, ms: number) {
    this.#request = request;
    this.#ms = ms;
    request.once('end', () => this.stop()).once('close', () => this.stop());
  }

  /** Something is to come. */
  start(): void {
    // Of one that is gone nothing would stop it again.
    if (this.#request.complete || this.#request.destroyed) return;
    this.#timer ??= setTimeout(() => this.#request.destroy(), this.#ms).unref();
  }

  /** It has. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Ends the connection of a client that does not come to the end of its request. */
export const limitBody = (request: PageRequest, ms = usualBodyMs): void => new BodyTimer(request, ms).start();

/** Answers without a look at the body. */
export function answerAtOnce(request: PageRequest, response: PageResponse, answer: Answer): void {
  limitBody(request);
  request.resume();
  send(response, answer);
}

/** As Go's http.Error writes it. */
export const plainError = (
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): TextAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${text}\n`,
  headers: { 'x-content-type-options': 'nosniff', ...headers },
});

export const methodNotAllowed = (allowed: string): Answer => plainError(405, 'Method Not Allowed', { allow: allowed });
export const notFound: Answer = plainError(404, '404 page not found');

export function send(response: PageResponse, { status, type, body, headers = {} }: Answer): void {
  if (response.headersSent) return;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length, ...headers });
  response.end(bytes);
}
