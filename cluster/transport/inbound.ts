import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { MemberId } from '../numbers.js';
import { certificateOf } from './certificate-id.js';
import { certifies } from './certificate-identity.js';
import { admit, type Identity } from './hello.js';
import type { PeerLimits } from './limits.js';
import { hasNamedItself, type Peer } from './network.js';
import { OccasionalLog } from './occasional-log.js';
import { PeerStream } from './peer-stream.js';
import { agree, isUpgrade, refuse } from './upgrade.js';

export interface InboundOptions {
  readonly identity: Identity;
  /** Undefined until this member has been told who the others are. */
  readonly peers: () => ReadonlyMap<MemberId, Peer> | undefined;
  readonly isRemoved: (id: MemberId) => boolean;
  readonly limits: PeerLimits;
  readonly logger: Logger;
  /** By path: takes a stream that was admitted. */
  readonly methods: Readonly<Record<string, (stream: PeerStream, peer: Peer) => void>>;
  readonly onPeer: (peer: Peer) => void;
  readonly onStranger: () => void;
}

/** The streams that other members open to this one: each is admitted once, for one member, by its certificate. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #log: OccasionalLog;
  readonly #streams = new Map<Socket, Peer>();

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#log = new OccasionalLog(options.logger);
  }

  /**
   * Takes a connection, its TLS handshake done, on which somebody asks for a stream.
   * @param head what has come behind the request
   */
  serve(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {});
    try {
      const { identity, isRemoved, onPeer, limits } = this.#options;
      const serve = this.#method(request);
      const peers = this.#options.peers();
      if (peers === undefined) throw new ClusterError('stopped', 'this member is still starting');
      const peer = admit(request.headers, identity, peers, certificateIn(socket), isRemoved);
      this.#streams.set(socket, peer);
      socket.once('close', () => this.#streams.delete(socket));
      agree(socket, head);
      serve(new PeerStream(socket, 'accepted', limits), peer);
      onPeer(peer);
    } catch (error) {
      this.#refuse(request, socket, error);
    }
  }

  /** Ends the streams of members that are gone or have become others. */
  recertify(): void {
    const peers = this.#options.peers();
    for (const [socket, peer] of this.#streams) {
      const now = peers?.get(peer.id);
      if (now === peer) continue;
      if (now !== undefined && hasNamedItself(peer, now) && this.#isStill(socket, now)) this.#streams.set(socket, now);
      else socket.destroy();
    }
  }

  #isStill(socket: Socket, peer: Peer): boolean {
    const certificate = certificateIn(socket);
    const { identity, peers } = this.#options;
    const all = [...(peers()?.values() ?? []), identity.self];
    return certificate === undefined || certifies(certificate, peer, all, identity.rules?.allowed);
  }

  close(): void {
    for (const socket of this.#streams.keys()) socket.destroy();
  }

  #method({ headers, url: path = '' }: IncomingMessage) {
    if (!isUpgrade(headers)) throw new ClusterError('invalid-argument', `there is no upgrade to ${headers.upgrade}`);
    const serve = Object.hasOwn(this.#options.methods, path) ? this.#options.methods[path] : undefined;
    if (serve !== undefined) return serve;
    throw new ClusterError('invalid-argument', `there is no method ${path}`, { path });
  }

  #refuse({ headers }: IncomingMessage, socket: Socket, error: unknown): void {
    refuse(socket, error);
    if (error instanceof ClusterError && error.code === 'stopped') return;
    if (error instanceof ClusterError && error.code === 'member-not-found') this.#options.onStranger();
    const from = headers['quorate-from'];
    const hint = error instanceof ClusterError && error.hint !== undefined ? { hint: error.hint } : {};
    const fields = { 'remote-addr': socket.remoteAddress, from, error, ...hint };
    this.#log.warn('refused a stream, its messages are dropped', fields);
  }
}

function certificateIn(socket: Socket): X509Certificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = certificateOf(socket);
  if (certificate !== undefined && socket.authorized) return certificate;
  throw new ClusterError('certificate-refused', 'the connection has no verified certificate');
}
