import type { X509Certificate } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
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
import { refusalTrailers } from './refusals.js';
import { sessionOptions, watchOver } from './sessions.js';

export interface InboundOptions {
  readonly identity: Identity;
  /** Undefined until this member has been told who the others are. */
  readonly peers: () => ReadonlyMap<MemberId, Peer> | undefined;
  readonly isRemoved: (id: MemberId) => boolean;
  readonly limits: PeerLimits;
  readonly logger: Logger;
  /** By path: takes a stream that was admitted, to be answered with trailers. */
  readonly methods: Readonly<Record<string, (stream: ServerHttp2Stream, peer: Peer) => void>>;
  readonly onPeer: (peer: Peer) => void;
  readonly onStranger: () => void;
}

/** The streams that other members open to this one: each is admitted once, for one member, by its certificate. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #log: OccasionalLog;
  readonly #server = createServer(sessionOptions);
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #streams = new Map<ServerHttp2Stream, Peer>();

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#log = new OccasionalLog(options.logger);
    this.#server.on('session', (session) => this.#watch(session));
    this.#server.on('sessionError', () => {});
    this.#server.on('stream', (stream, headers) => this.#begin(stream, headers));
  }

  /** Takes a connection that speaks HTTP/2, its TLS handshake done. */
  serve(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Ends the streams of members that are gone or have become others. */
  recertify(): void {
    const peers = this.#options.peers();
    for (const [stream, peer] of this.#streams) {
      const now = peers?.get(peer.id);
      if (now === peer) continue;
      if (now !== undefined && hasNamedItself(peer, now) && this.#isStill(stream, now)) this.#streams.set(stream, now);
      else stream.session?.destroy();
    }
  }

  #isStill(stream: ServerHttp2Stream, peer: Peer): boolean {
    const certificate = certificateIn(stream);
    const { identity, peers } = this.#options;
    const all = [...(peers()?.values() ?? []), identity.self];
    return certificate === undefined || certifies(certificate, peer, all, identity.rules?.allowed);
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #watch(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.on('error', () => {}).on('close', () => this.#sessions.delete(session));
    watchOver(session, this.#options.limits);
  }

  #begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {});
    try {
      const serve = this.#methods(headers[':path'] ?? '');
      const { identity, isRemoved, onPeer } = this.#options;
      const peers = this.#options.peers();
      if (peers === undefined) throw new ClusterError('stopped', 'this member is still starting');
      const peer = admit(headers, identity, peers, certificateIn(stream), isRemoved);
      this.#streams.set(stream, peer);
      stream.on('close', () => this.#streams.delete(stream));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
      serve(stream, peer);
      onPeer(peer);
    } catch (error) {
      this.#refuse(stream, headers, error);
    }
  }

  #methods(path: string) {
    const serve = Object.hasOwn(this.#options.methods, path) ? this.#options.methods[path] : undefined;
    if (serve !== undefined) return serve;
    throw new ClusterError('invalid-argument', `there is no method ${path}`, { path });
  }

  #refuse(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, error: unknown): void {
    const trailers = refusalTrailers(error);
    if (stream.headersSent) stream.close();
    else stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto', ...trailers }, { endStream: true });
    if (error instanceof ClusterError && error.code === 'stopped') return;
    if (error instanceof ClusterError && error.code === 'member-not-found') this.#options.onStranger();
    const host = stream.session?.socket.remoteAddress;
    const from = headers['quorate-from'];
    const hint = error instanceof ClusterError && error.hint !== undefined ? { hint: error.hint } : {};
    this.#log.warn('refused a stream, its messages are dropped', { 'remote-addr': host, from, error, ...hint });
  }
}

function certificateIn(stream: ServerHttp2Stream): X509Certificate | undefined {
  const socket = stream.session?.socket;
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = certificateOf(socket);
  if (certificate !== undefined && socket.authorized) return certificate;
  throw new ClusterError('certificate-refused', 'the connection has no verified certificate');
}
