// A lean client for any etcd v3 server: node:http2 and prepared frames, so that the servers get the processor.
import { readFileSync } from 'node:fs';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { FrameReader } from '../cluster/transport/grpc-frames.js';

export interface Access {
  readonly endpoints: readonly string[];
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const windowBytes = 8 << 20;
const answerBytesMax = 512 << 20;

/** A gRPC message behind its five bytes. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** Connections to the endpoints, in turn. */
export const connectAll = (access: Access, count: number): Promise<ClientHttp2Session[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => connect(access, n)));

function connect({ endpoints, ca, cert, key }: Access, n: number): Promise<ClientHttp2Session> {
  const session = http2.connect(`https://${endpoints[n % endpoints.length]}`, {
    ca: readFileSync(ca),
    cert: readFileSync(cert),
    key: readFileSync(key),
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  return new Promise((resolve, reject) => {
    session.once('error', reject);
    session.once('connect', () => {
      session.setLocalWindowSize(windowBytes);
      resolve(session);
    });
  });
}

function request(session: ClientHttp2Session, path: string, onFailure: (error: Error) => void): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const note = ({ 'grpc-status': status, 'grpc-message': text }: IncomingHttpHeaders) => {
    if (status !== undefined && status !== '0') onFailure(new Error(`${path}: grpc-status ${status}: ${text}`));
  };
  return stream.on('response', note).on('trailers', note).on('error', onFailure);
}

/** One request and one answer, which is read but not kept. Rejects when the answer is an error. */
export function call(session: ClientHttp2Session, path: string, frame: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = request(session, path, reject);
    stream.on('close', resolve);
    stream.resume();
    stream.end(frame);
  });
}

/** As `call`, and gives the answer's message. */
export function ask(session: ClientHttp2Session, path: string, frame: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(answerBytesMax, resolve);
    const stream = request(session, path, reject);
    stream.on('data', (chunk: Buffer) => reader.push(chunk));
    stream.end(frame);
  });
}

/** A stream of requests and answers. Gives what sends a request. */
export function converse(
  session: ClientHttp2Session,
  path: string,
  onMessage: (message: Buffer) => void,
  onFailure: (error: Error) => void,
): (frame: Buffer) => void {
  const reader = new FrameReader(answerBytesMax, onMessage);
  const stream = request(session, path, onFailure);
  stream.on('data', (chunk: Buffer) => reader.push(chunk));
  return (frame) => void stream.write(frame);
}
