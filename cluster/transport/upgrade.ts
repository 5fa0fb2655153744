import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import type { Socket } from 'node:net';
import { ClusterError } from '../errors.js';
import { refusalHeaders, refusalOf, sameVersion } from './refusals.js';

// How a connection between two members begins: a request of HTTP/1.1 to use it for something else (RFC 9110 7.8), with the hello in its
// headers, and the other side's word that it will. From then on it carries frames (peer-stream).

const protocol = 'quorate-peer';

/** Whether that is what somebody asks for. */
export const isUpgrade = ({ upgrade }: IncomingHttpHeaders): boolean => upgrade === protocol;

/**
 * Asks for it. Resolves once the other side has agreed.
 * @throws ClusterError what it refuses it for; wrong-cluster when it is no member of this version; Error when it says nothing in time
 */
export function askToUpgrade(
  socket: Socket,
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
  hello: OutgoingHttpHeaders,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', stop);
      socket.on('error', () => {}).destroy();
      reject(error);
    };
    const stop = (): void => fail(signal.reason);
    signal.addEventListener('abort', stop);
    const headers = { connection: 'Upgrade', upgrade: protocol, ...hello };
    const request = requestHttp({ createConnection: () => socket, host, port, path, headers });
    request.once('upgrade', (_, __, head) => {
      signal.removeEventListener('abort', stop);
      if (head.length > 0) socket.unshift(head);
      resolve();
    });
    request.once('response', ({ headers, statusCode }) => fail(refusalOf(headers) ?? noMember(statusCode)));
    request.on('error', fail);
    request.end();
  });
}

const noMember = (status: number | undefined): ClusterError =>
  new ClusterError(
    'wrong-cluster',
    `HTTP status ${status} came where a member of this version says yes or no`,
    {},
    { hint: sameVersion },
  );

/** Agrees. @param head what has come behind the request */
export function agree(socket: Socket, head: Buffer): void {
  if (head.length > 0) socket.unshift(head);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
}

/** Does not, and ends the connection. */
export function refuse(socket: Socket, error: unknown): void {
  const lines = Object.entries(refusalHeaders(error)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n${lines.join('')}\r\n`);
  socket.destroySoon();
}
