import type { Socket } from 'node:net';

export type HttpVersion = 'h2' | 'http/1.1';

/** What an HTTP/2 client with prior knowledge sends first (RFC 9113 3.4); no HTTP/1.1 method begins like it. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Decides by the first bytes which HTTP a connection speaks, and puts them back. Undefined when it ended, failed or
 * said nothing in time.
 */
export function httpVersionOf(socket: Socket, timeoutMs: number): Promise<HttpVersion | undefined> {
  return new Promise((resolve) => {
    let seen: Buffer = Buffer.alloc(0);
    const settle = (version: HttpVersion | undefined): void => {
      clearTimeout(timer);
      socket.off('data', take).off('close', give).pause();
      if (seen.length > 0) socket.unshift(seen);
      resolve(version);
    };
    const give = (): void => settle(undefined);
    const take = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const compared = Math.min(seen.length, preface.length);
      if (!seen.subarray(0, compared).equals(preface.subarray(0, compared))) settle('http/1.1');
      else if (compared === preface.length) settle('h2');
    };
    const timer = setTimeout(give, timeoutMs);
    socket.on('data', take).on('close', give);
  });
}
