import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { type ConnectionOptions, connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { within } from '#cluster';

// Single connections to an endpoint, to see what it does. What it presents is taken as it is: others judge it.

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What to sign in with, in PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

export interface Attempt {
  readonly endpoint: Endpoint;
  readonly credentials?: Credentials | undefined;
  /** This version of TLS alone. */
  readonly version?: SecureVersion;
  readonly signal: AbortSignal;
}

export interface Handshake {
  /** As they were presented, the leaf first; also when the other side ended it then. */
  readonly chain: readonly X509Certificate[];
  /** Undefined when it was completed. */
  readonly error: NodeJS.ErrnoException | undefined;
}

const timeoutMs = 5000;
/** More than any chain that convinces somebody. */
const chainLengthMax = 32;

/** Whatever the other side has, weak things too: this one only looks. The authority is judged afterwards, not by OpenSSL. */
const optionsOf = ({ endpoint, credentials, version }: Attempt): ConnectionOptions => ({
  ...endpoint,
  ...credentials,
  ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
  ...(/^[\d.]+$|:/.test(endpoint.host) ? {} : { servername: endpoint.host }),
  ciphers: 'DEFAULT:@SECLEVEL=0',
  rejectUnauthorized: false,
  ca: [],
});

/** A handshake, and nothing after it. */
export const shake = (attempt: Attempt): Promise<Handshake> =>
  within(timeoutMs, attempt.signal, (late) => shakeUntil(attempt, late));

function shakeUntil(attempt: Attempt, late: AbortSignal): Promise<Handshake> {
  return new Promise((resolve) => {
    let socket: TLSSocket;
    const end = (error?: NodeJS.ErrnoException): void => {
      resolve({ chain: chainOf(socket), error });
      socket.destroy();
    };
    try {
      socket = connect(optionsOf(attempt));
    } catch (error) {
      // Node has not this version any more.
      resolve({ chain: [], error: error as NodeJS.ErrnoException });
      return;
    }
    late.addEventListener('abort', () => end(timedOut()), { once: true });
    socket.once('secureConnect', () => end());
    socket.once('error', end);
    socket.once('close', () => end(closed()));
  });
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at = socket.getPeerX509Certificate();
  for (; at !== undefined && chain.length < chainLengthMax; at = at.issuerCertificate)
    chain.push(new X509Certificate(at.raw));
  return chain;
}

/** What a request for its health comes to: with TLS 1.3 a refusal of the client's certificate comes after the handshake. */
export interface Answer {
  /** The other side's clock, where it says it, in milliseconds since 1970; and ours then. */
  readonly clock?: { readonly theirs: number; readonly ours: number };
  readonly error: NodeJS.ErrnoException | undefined;
}

/** Asks with these credentials, or without any. */
export const ask = (attempt: Attempt): Promise<Answer> =>
  within(timeoutMs, attempt.signal, (late) => askUntil(attempt, late));

function askUntil(attempt: Attempt, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const asked = request({ ...optionsOf(attempt), path: '/health', agent: false, signal }, ({ headers }) => {
      const theirs = Date.parse(headers.date ?? '');
      resolve({ error: undefined, ...(Number.isNaN(theirs) ? {} : { clock: { theirs, ours: Date.now() } }) });
      asked.destroy();
    });
    asked.once('error', (error) => resolve({ error }));
    asked.end();
  });
}

const timedOut = (): NodeJS.ErrnoException =>
  Object.assign(new Error(`it said nothing for ${timeoutMs / 1000} seconds`), { code: 'ETIMEDOUT' });
const closed = (): NodeJS.ErrnoException =>
  Object.assign(new Error('it closed the connection'), { code: 'ECONNRESET' });
