import { once } from 'node:events';
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
import { PeerStream } from './peer-stream.js';
import type { TlsMaterial } from './tls-material.js';
import { askToUpgrade } from './upgrade.js';

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

/**
 * Opens a connection to a peer, and a stream that it has admitted.
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
    await askToUpgrade(socket, address, path, helloHeaders(dialing.identity, peer.id), deadline.signal);
    const measures = dialing.measures?.peer(peer.id);
    return new PeerStream(socket, 'dialled', dialing.limits, (ms) => measures?.roundTripSeconds.observe(ms / 1000));
  } catch (error) {
    throw error instanceof ClusterError ? error : failed(peer, address, error);
  } finally {
    deadline.clear();
  }
}

/** As `dial`, at the first of the peer's URLs at which it is reached. */
export async function dialAny(dialing: Dialing, peer: Peer, path: string, stop: AbortSignal): Promise<PeerStream> {
  let failure: unknown;
  for (const url of peer.urls) {
    try {
      return await dial(dialing, peer, url, path, stop);
    } catch (error) {
      stop.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
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
    ALPNProtocols: ['http/1.1'],
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

function failed(peer: Peer, { text: url }: Address, error: unknown): ClusterError {
  const cause = error instanceof Error && error.name === 'AbortError' ? error.cause : error;
  const reason = cause instanceof Error ? handshakeFailure(cause) : String(cause);
  const details = { member: peer.id, name: peer.name, url, reason };
  return new ClusterError('connection-failed', `${peer.name} at ${url} is not reached: ${reason}`, details, { cause });
}
