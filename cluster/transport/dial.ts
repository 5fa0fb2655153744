import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Deadline } from '../deadline.js';
import { ClusterError } from '../errors.js';
import type { Measures } from '../measures.js';
import type { MemberId } from '../numbers.js';
import { type Address, parseAddress } from './address.js';
import type { Admission } from './admission.js';
import { certificateOf } from './certificate-id.js';
import { handshakeFailure } from './handshake-failures.js';
import { assertCertified, helloHeaders, type Identity } from './hello.js';
import type { PeerLimits } from './limits.js';
import type { Peer } from './network.js';
import { refusalOf } from './refusals.js';
import { sessionOptions, watchOver } from './sessions.js';
import type { TlsMaterial } from './tls-material.js';

// Opens a connection to a peer. Written on node:http2 and not on grpc-js, whose wire format it keeps: grpc-js can't be
// told how long connecting may take (a peer that swallows packets would hold it for two minutes), makes each of its
// connections with the same certificates, and costs 1.6 times the CPU for a stream of batches (README.md has figures).

export interface Dialing {
  readonly identity: Identity;
  /** All members but this one, as they are now. */
  readonly peers: () => ReadonlyMap<MemberId, Peer>;
  /** Absent in a cluster without TLS. */
  readonly material: TlsMaterial | undefined;
  /** Decides on the certificates that are shown to this member; with `material`. */
  readonly admission?: Admission;
  readonly limits: PeerLimits;
  readonly measures?: Measures;
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
  const deadline = new Deadline(stop, dialing.limits.connectMs);
  const address = parseAddress(url);
  try {
    const socket = await connect(dialing, peer, address, deadline.signal);
    const dialed = request(dialing, peer, url, path, socket);
    await admitted(dialed, deadline.signal);
    const measures = dialing.measures?.peer(peer.id);
    watchOver(dialed.session, dialing.limits, (ms) => measures?.roundTripSeconds.observe(ms / 1000));
    return dialed;
  } catch (error) {
    throw error instanceof ClusterError ? error : failed(peer, address, error);
  } finally {
    deadline.clear();
  }
}

function request({ identity }: Dialing, peer: Peer, url: string, path: string, socket: Socket): PeerStream {
  const session = connectHttp2(url, { ...sessionOptions, createConnection: () => socket });
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    ...helloHeaders(identity, peer.id),
  });
  stream.on('error', () => {}).on('close', () => session.destroy());
  return { session, stream };
}

async function connect(dialing: Dialing, peer: Peer, address: Address, signal: AbortSignal): Promise<Socket> {
  const socket = address.secure
    ? connectSecurely(dialing, address)
    : connectPlain({ ...placeOf(address), noDelay: true });
  socket.setNoDelay(true);
  try {
    await once(socket, address.secure ? 'secureConnect' : 'connect', { signal });
    if (address.secure) await assertServer(dialing, peer, socket as TLSSocket);
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
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
async function assertServer({ identity, peers, admission }: Dialing, peer: Peer, socket: TLSSocket): Promise<void> {
  const refusal = await admission?.decide(socket);
  if (refusal !== undefined) {
    const { reason, hint, ...details } = refusal;
    throw new ClusterError('certificate-refused', `${peer.name} is not connected to: ${reason}`, details, { hint });
  }
  const certificate = certificateOf(socket);
  if (certificate === undefined) throw new Error('the connection was closed');
  assertCertified(certificate, peer, [...peers().values(), identity.self], identity.rules);
}

/** Rejects, and ends the session, when the peer does not admit the stream. */
async function admitted({ session, stream }: PeerStream, signal: AbortSignal): Promise<void> {
  try {
    const headers = await responseOf(stream, signal);
    const refusal = headers['grpc-status'] === undefined ? undefined : refusalOf(headers);
    if (refusal !== undefined) throw refusal;
    if (Number(headers[':status']) !== 200) throw new Error(`HTTP status ${headers[':status']}`);
  } catch (error) {
    session.destroy();
    throw error;
  }
}

function responseOf(stream: ClientHttp2Stream, signal: AbortSignal): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the connection was closed')));
    stream.once('response', resolve);
  });
}

function failed(peer: Peer, { text: url }: Address, error: unknown): ClusterError {
  const cause = error instanceof Error && error.name === 'AbortError' ? error.cause : error;
  const reason = cause instanceof Error ? handshakeFailure(cause) : String(cause);
  const details = { member: peer.id, name: peer.name, url, reason };
  return new ClusterError('connection-failed', `${peer.name} at ${url} is not reached: ${reason}`, details, { cause });
}
