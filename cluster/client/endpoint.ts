import { ClusterError } from '../errors.js';

/** Where a server listens for clients. */
export interface Endpoint {
  /** As it was given, for people. */
  readonly text: string;
  readonly secure: boolean;
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const defaultPort = 2379;

/**
 * Reads `https://host:port`, `http://host:port` or `host:port`, which is as secure as `secure` says.
 * @throws ClusterError invalid-argument
 */
export function parseEndpoint(text: string, secure: boolean): Endpoint {
  const full = text.includes('://') ? text : `${secure ? 'https' : 'http'}://${text}`;
  const refuse = (reason: string): never => {
    throw new ClusterError(
      'invalid-argument',
      `"${text}" is no endpoint: ${reason}`,
      { endpoint: text },
      {
        hint: 'write it like https://10.0.0.1:2379',
      },
    );
  };
  if (!URL.canParse(full)) return refuse('it does not read as a URL');
  const { protocol, hostname, port, pathname, username } = new URL(full);
  if (protocol !== 'https:' && protocol !== 'http:') return refuse(`the scheme ${protocol} is neither https nor http`);
  if (hostname === '') return refuse('it has no host');
  if (pathname !== '/' || username !== '') return refuse('it holds more than a scheme, a host and a port');
  return {
    text,
    secure: protocol === 'https:',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: portOf(full, port),
  };
}

/** URL drops a port that is its scheme's own, 443 or 80. */
function portOf(full: string, port: string): number {
  if (port !== '') return Number(port);
  if (full.endsWith(':443')) return 443;
  return full.endsWith(':80') ? 80 : defaultPort;
}
