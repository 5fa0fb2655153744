import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { ClusterError } from '../errors.js';
import type { MemberId } from '../numbers.js';
import { type Address, parseAddress } from './address.js';
import { Deadline } from './deadline.js';
import { handshakeFailure } from './handshake-failures.js';
import { assertCertified, helloHeaders, type Identity } from './hello.js';
import type { PeerLimits } from './limits.js';
import type { Peer } from './network.js';
import { refusalOf } from './refusals.js';
import { sessionOptions, watchOver } from './sessions.js';
import type { TlsMaterial } from './tls-material.js';

// Opens a connection to a peer. Written on node:http2 and not on grpc-js, whose wire format it keeps: grpc-js can't be
// told how long connecting may take (a peer that swallows packets would hold it for two minutes), makes each of its
// connections with the same certificates, and costs 1.6 times the CPU for a stream of batches (measured).

export interface Dialing {
  readonly identity: Identity;
  /** All members but this one, as they are now. */
  readonly peers: () => ReadonlyMap<MemberId, Peer>;
  /** Absent in a cluster without TLS. */
  readonly material: TlsMaterial | undefined;
  readonly limits: PeerLimits;
}

/** A stream that the peer has admitted, on a connection of its own: destroying either ends both. */
export interface PeerStream {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
}

/**
 * @throws ClusterError connection-failed; certificate-refused when the other side is not `peer`; whatever the peer refuses
 * the stream for
 */
export async function dial(
  dialing: Dialing,
  peer: Peer,
  url: string,
  path: string,
  stop: AbortSignal,
): Promise<PeerStream> {
  using deadline = new Deadline(stop, dialing.limits.connectMs);
  const address = parseAddress(url);
  const socket = await connect(dialing, peer, address, deadline.signal);
  const session = connectHttp2(url, { ...sessionOptions, createConnection: () => socket });
  session.on('error', () => {});
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      ...helloHeaders(dialing.identity, peer.id),
    });
    stream.on('error', () => {}).on('close', () => session.destroy());
    await admitted(stream, deadline.signal);
    watchOver(session, dialing.limits);
    return { session, stream };
  } catch (error) {
    session.destroy();
    if (error instanceof ClusterError) throw error;
    throw failed(peer, address, error);
  }
}

async function connect(dialing: Dialing, peer: Peer, address: Address, signal: AbortSignal): Promise<Socket> {
  const socket = address.secure
    ? connectSecurely(dialing, address)
    : connectPlain({ ...placeOf(address), noDelay: true });
  socket.setNoDelay(true);
  try {
    await once(socket, address.secure ? 'secureConnect' : 'connect', { signal });
    if (address.secure) assertServer(dialing, peer, socket as TLSSocket);
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    if (error instanceof ClusterError) throw error;
    throw failed(peer, address, error);
  }
}

function connectSecurely({ material }: Dialing, address: Address): TLSSocket {
  if (material === undefined) {
    throw new ClusterError('certificate-refused', `${address.text} needs a certificate of this member`, {
      url: address.text,
    });
  }
  material.refresh();
  return connectTls({
    ...placeOf(address),
    secureContext: material.context,
    ALPNProtocols: ['h2'],
    // An IP address is no server name (RFC 6066 3); it is checked against the certificate all the same.
    ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
  });
}

const placeOf = ({ host, port }: Address) => ({ host, port });

// Node has verified the chain and that the certificate is good for the host. Members may share a host.
function assertServer({ identity, peers }: Dialing, peer: Peer, socket: TLSSocket): void {
  const certificate = socket.getPeerX509Certificate();
  if (certificate !== undefined) assertCertified(certificate, peer, [...peers().values(), identity.self]);
}

function admitted(stream: ClientHttp2Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the connection was closed')));
    stream.once('response', (headers) => {
      const refusal = headers['grpc-status'] === undefined ? undefined : refusalOf(headers);
      const isHttp = Number(headers[':status']) === 200;
      if (refusal === undefined && isHttp) resolve();
      else reject(refusal ?? new Error(`HTTP status ${headers[':status']}`));
    });
  });
}

function failed(peer: Peer, { text: url }: Address, error: unknown): ClusterError {
  const cause = error instanceof Error && error.name === 'AbortError' ? error.cause : error;
  const reason = cause instanceof Error ? handshakeFailure(cause) : String(cause);
  const details = { member: peer.id, name: peer.name, url, reason };
  return new ClusterError('connection-failed', `${peer.name} at ${url} is not reached: ${reason}`, details, { cause });
}
