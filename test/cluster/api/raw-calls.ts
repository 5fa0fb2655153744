import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { ExecutionContext } from 'ava';
import type { TestMember } from './member.js';

// Calls as bytes, for what no gRPC client would send.

export interface RawAnswer {
  /** Undefined when the stream was reset before any came. */
  readonly headers: IncomingHttpHeaders | undefined;
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: Buffer;
  readonly rstCode: number | undefined;
}

export interface RawCall {
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** Each goes out as DATA of its own. */
  readonly chunks?: readonly Buffer[];
}

export const framed = (message: Uint8Array, flag = 0): Buffer => {
  const header = Buffer.from([flag, 0, 0, 0, 0]);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
};

export function openSession(t: ExecutionContext, { endpoint }: TestMember): ClientHttp2Session {
  const session = connect(endpoint);
  session.on('error', () => undefined);
  t.teardown(() => session.destroy());
  return session;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function ask(session: ClientHttp2Session, { path, headers, chunks = [] }: RawCall): Promise<RawAnswer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const body: Buffer[] = [];
  let first: IncomingHttpHeaders | undefined;
  let trailers: IncomingHttpHeaders | undefined;
  stream.on('response', (seen) => {
    first = seen;
  });
  stream.on('trailers', (seen) => {
    trailers = seen;
  });
  stream.on('data', (chunk: Buffer) => body.push(chunk));
  stream.on('error', () => undefined);
  const send = async (): Promise<void> => {
    for (const chunk of chunks) {
      if (stream.closed || stream.destroyed) return;
      stream.write(chunk);
      await turn();
    }
    stream.end();
  };
  void send();
  return new Promise((resolve) => {
    stream.on('close', () => resolve({ headers: first, trailers, body: Buffer.concat(body), rstCode: stream.rstCode }));
  });
}

/** "INTERNAL a text" as status number and text, wherever it stands. */
export function statusText({ headers, trailers }: RawAnswer): string {
  const carrying = trailers ?? headers;
  const text = carrying?.['grpc-message'];
  return `${carrying?.['grpc-status']}${text === undefined ? '' : ` ${decodeURIComponent(String(text))}`}`;
}
