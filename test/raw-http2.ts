import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

// HTTP/2 by hand (RFC 9113), for clients that no library would be: that leave things undone, or read nothing at all.

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const types = { data: 0, headers: 1, settings: 4, windowUpdate: 8 } as const;
/** RFC 9113 6.9.1 */
const windowMax = 2 ** 31 - 1;
const connectionWindow = 65_535;
const initialWindowSize = 4;
/** RFC 9113 4.2: what is taken by whoever has not said otherwise. */
const frameBytesMax = 16_384;
const [endStream, endHeaders] = [1, 4];

/** RFC 9113 4.1 */
export function frame(type: keyof typeof types, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = types[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** RFC 7541 6.2.2, without Huffman: names and values of up to 126 bytes. */
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);

const headersOf = (path: string): Buffer =>
  Buffer.concat([
    literal(':method', 'POST'),
    literal(':scheme', 'https'),
    literal(':path', path),
    literal(':authority', 'member'),
    literal('content-type', 'application/grpc'),
    literal('te', 'trailers'),
  ]);

/** The headers of a call, and of its requests what is given; `isOver`: nothing more comes. */
export function callFrames(stream: number, path: string, request: Uint8Array, isOver: boolean): Buffer {
  const parts = [frame('headers', endHeaders, stream, headersOf(path))];
  for (let at = 0; at < request.length; at += frameBytesMax) {
    const isLast = at + frameBytesMax >= request.length;
    parts.push(frame('data', isOver && isLast ? endStream : 0, stream, request.subarray(at, at + frameBytesMax)));
  }
  return Buffer.concat(parts);
}

/** What a client says first. `window`: what it takes of a stream, and of all together; all there can be, or nothing. */
export function opening(window: 'largest' | 'none'): Buffer {
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(initialWindowSize);
  settings.writeUInt32BE(window === 'none' ? 0 : windowMax, 2);
  const update = Buffer.alloc(4);
  update.writeUInt32BE(windowMax - connectionWindow);
  const all = frame('windowUpdate', 0, 0, update);
  return Buffer.concat([preface, frame('settings', 0, 0, settings), ...(window === 'none' ? [] : [all])]);
}

/** A connection whose TLS handshake, if it has one, is done; the client has said nothing yet. Errors on it are nobody's. */
export async function rawConnection(url: string, tls: ConnectionOptions = {}): Promise<Socket> {
  const { protocol, hostname: host, port } = new URL(url);
  const isSecure = protocol === 'https:';
  const to = { host, port: Number(port) };
  const socket = isSecure ? connectTls({ ...to, ...tls, ALPNProtocols: ['h2'] }) : connectPlain(to);
  await once(socket, isSecure ? 'secureConnect' : 'connect');
  return socket.on('error', () => {});
}
