import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import type { Settings } from 'node:http2';
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import { type Address, addressOn } from './address.js';
import { Admission, type Refusal } from './admission.js';
import type { CertificateRules } from './certificate-rules.js';
import { type HttpVersion, httpVersionOf } from './first-bytes.js';
import { handshakeFailure, isHangUp } from './handshake-failures.js';
import { keepChains, keepChainsWhereLost } from './kept-chains.js';
import { bind } from './listening.js';
import { OccasionalLog } from './occasional-log.js';
import { mendAuthority } from './plain-authority.js';
import type { TlsMaterial } from './tls-material.js';

export interface ListenerTls {
  readonly material: TlsMaterial;
  readonly requireClientCertificate: boolean;
  /** What is asked of those certificates beyond their chain. */
  readonly rules?: CertificateRules;
}

export interface ListenerOptions {
  readonly address: Address;
  /** For the log; of clients when absent. */
  readonly endpoint?: 'client' | 'peer';
  /** Required with an https address, unused with http. */
  readonly tls?: ListenerTls;
  /**
   * Takes a connection that speaks HTTP/2, its TLS handshake done: `server.emit('connection', socket)` of `node:http2`,
   * or the `injectConnection` of grpc-js's `server.createConnectionInjector(ServerCredentials.createInsecure())`.
   * Absent: HTTP/1.1 only is spoken, and offered.
   */
  readonly serveHttp2?: (socket: Socket) => void;
  /** Of whoever serves HTTP/2, for clients of etcd in the clear (plain-authority); absent: there are none. */
  readonly settings?: Settings;
  readonly serveHttp1: RequestListener;
  /** Takes a connection that is to be used for something else than HTTP; absent: such requests are answered as others are. */
  readonly serveUpgrade?: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  readonly logger: Logger;
  readonly limits?: Partial<ListenerLimits>;
}

export interface ListenerLimits {
  /** For the TLS handshake, or for the first bytes where those decide (etcd had no such limit once: GHSA-6vch-q96h-7gc3). */
  readonly handshakeMs: number;
  /** For a whole request over HTTP/1.1; 0: whoever serves them looks after that. */
  readonly requestMs: number;
  /**
   * Connections that are not through with that; for one more the oldest is closed. Whoever means it is through in
   * milliseconds, and so does not notice others who open connections and leave them there.
   */
  readonly pendingMax: number;
  /** All connections together; more are closed at once. A member that runs out of files could not go on. */
  readonly connectionsMax: number;
  /** What `close` leaves connections to end by themselves. */
  readonly graceMs: number;
}

const defaults: ListenerLimits = {
  handshakeMs: 10_000,
  requestMs: 60_000,
  pendingMax: 1024,
  connectionsMax: 100_000,
  graceMs: 1000,
};

/** Who has heard the server's settings and asks for something does so at once. */
const firstRequestMs = 1000;

/** One port for gRPC and HTTP/1.1, with TLS or in clear. Each connection is one or the other: with TLS by ALPN, in clear by its first bytes. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #log: OccasionalLog;
  readonly #server: Server;
  readonly #http1: HttpServer;
  /** By their place, the oldest first. */
  readonly #pending = new Map<string, Socket>();
  readonly #open = new Set<Socket>();
  readonly #admission: Admission | undefined;
  readonly #stopReloading: () => void;
  #address: Address;

  /** @throws ClusterError address-in-use naming who holds the port if that can be found; flag-refused for an address not of this machine */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    const port = await bind(listener.#server, options.address);
    listener.#address = addressOn(options.address, port);
    return listener;
  }

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#address = options.address;
    this.#limits = { ...defaults, ...options.limits };
    this.#log = new OccasionalLog(options.logger);
    this.#http1 = http1Server(options, this.#limits);
    if (options.address.secure) {
      const server = this.#tlsServer();
      this.#admission = admissionOf(options, () => keepChains(server));
      const material = this.#material();
      this.#server = server;
      this.#stopReloading = material.onChange(() => server.setSecureContext(material.options));
    } else {
      this.#admission = undefined;
      this.#server = createPlainServer({ noDelay: true }, (socket) => void this.#sniff(socket));
      this.#stopReloading = () => {};
    }
    this.#server.maxConnections = this.#limits.connectionsMax;
    this.#server.on('drop', () => {
      const connections = this.#limits.connectionsMax;
      this.#log.warn(
        'too many connections are open, closing new ones',
        { url: this.#address.text, connections },
        'drop',
      );
    });
    this.#server.prependListener('connection', (socket: Socket) => this.#admit(socket));
  }

  /** Where it listens; with the port that the system chose when 0 was asked for. */
  get address(): Address {
    return this.#address;
  }

  /** Takes no more connections, lets the open ones end for a moment, then ends them. */
  async close(): Promise<void> {
    this.#stopReloading();
    this.#admission?.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#http1.close();
    this.#http1.closeIdleConnections();
    const timer = setTimeout(() => this.#destroyAll(), this.#limits.graceMs);
    await closed;
    clearTimeout(timer);
  }

  #destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #material(): TlsMaterial {
    const { tls, address } = this.#options;
    if (tls !== undefined) return tls.material;
    throw new ClusterError('flag-refused', `${address.text} needs a certificate and a key`, { url: address.text });
  }

  #tlsServer(): TlsServer {
    const required = this.#options.tls?.requireClientCertificate ?? false;
    const server = createTlsServer({
      ...this.#material().options,
      requestCert: required,
      rejectUnauthorized: required,
      ALPNProtocols: this.#options.serveHttp2 === undefined ? ['http/1.1'] : ['h2', 'http/1.1'],
      handshakeTimeout: this.#limits.handshakeMs,
      noDelay: true,
    });
    keepChainsWhereLost(server);
    server.on('secureConnection', (socket) => this.#secured(socket));
    server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
    return server;
  }

  // Runs before the handshake begins, so that it is made with the files as they are now.
  #admit(socket: Socket): void {
    const place = placeOf(socket);
    if (this.#pending.size >= this.#limits.pendingMax) this.#endOldest();
    this.#pending.set(place, socket);
    this.#open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#pending.delete(place);
      this.#open.delete(socket);
    });
    this.#options.tls?.material.refresh();
  }

  #endOldest(): void {
    for (const [place, socket] of this.#pending) {
      const pending = this.#pending.size;
      this.#log.warn('too many connections are in their handshake, closing the oldest', { pending }, 'pending');
      this.#pending.delete(place);
      socket.destroy();
      return;
    }
  }

  #secured(socket: TLSSocket): void {
    socket.on('error', () => {});
    const refusal = this.#admission?.decide(socket);
    if (!(refusal instanceof Promise)) {
      this.#settle(socket, refusal);
      return;
    }
    // Names are looked up; that is part of the handshake.
    const timer = setTimeout(() => socket.destroy(), this.#limits.handshakeMs);
    void refusal.then((late) => {
      clearTimeout(timer);
      if (!socket.destroyed) this.#settle(socket, late);
    });
  }

  #settle(socket: TLSSocket, refusal: Refusal | undefined): void {
    // Over TLS HTTP/2 is only spoken by those who ask for it (RFC 9113 3.2).
    if (refusal === undefined) this.#serve(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1');
    else this.#refuse(socket, refusal);
  }

  get #rejected(): string {
    return `rejected connection on ${this.#options.endpoint ?? 'client'} endpoint`;
  }

  #refuse(socket: TLSSocket, refusal: Refusal): void {
    const remote = remoteOf(socket);
    const fields = { 'remote-addr': remote, url: this.#address.text, ...refusal };
    this.#log.warn(this.#rejected, fields, `${refusal.serial} ${refusal.reason}`);
    socket.destroy();
  }

  async #sniff(socket: Socket): Promise<void> {
    const version = await httpVersionOf(socket, this.#limits.handshakeMs);
    if (version === undefined) {
      socket.destroy();
      return;
    }
    this.#pending.delete(placeOf(socket));
    const { settings } = this.#options;
    const patience = { requestMs: firstRequestMs, answerMs: this.#limits.handshakeMs };
    if (version === 'h2' && settings !== undefined) await mendAuthority(socket, settings, patience);
    if (socket.destroyed) return;
    this.#serve(socket, version);
  }

  #serve(socket: Socket, version: HttpVersion): void {
    this.#pending.delete(placeOf(socket));
    const { serveHttp2 } = this.#options;
    if (version === 'h2') {
      if (serveHttp2 === undefined) socket.destroy();
      else serveHttp2(socket);
    } else {
      this.#http1.emit('connection', socket);
      socket.resume();
    }
  }

  #failed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const fields = { 'remote-addr': remoteOf(socket), url: this.#address.text };
    // Node leaves it open, after a timeout too.
    socket.destroy();
    if (isHangUp(error, socket)) this.#options.logger.debug('a client left during the TLS handshake', fields);
    else {
      const reason = handshakeFailure(error, socket);
      const host = fields['remote-addr'].replace(/:\d+$/, '');
      this.#log.warn(this.#rejected, { ...fields, reason }, `${host} ${reason}`);
    }
  }
}

const admissionOf = ({ tls, logger }: ListenerOptions, onLostChain: () => void): Admission | undefined =>
  tls?.requireClientCertificate === true
    ? new Admission({ material: tls.material, rules: tls.rules ?? {}, logger, onLostChain })
    : undefined;

const placeOf = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

// A TLS socket that was closed forgets its remote address; the TCP socket below it (which Node shows no other way) does not.
function remoteOf(socket: TLSSocket & { readonly _parent?: Socket }): string {
  const known = socket.remoteAddress === undefined ? socket._parent : socket;
  return known?.remoteAddress === undefined ? 'unknown' : `${known.remoteAddress}:${known.remotePort}`;
}

function http1Server({ serveHttp1, serveUpgrade }: ListenerOptions, limits: ListenerLimits): HttpServer {
  const server = createHttpServer(
    {
      headersTimeout: limits.handshakeMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(5000, limits.handshakeMs),
      noDelay: true,
    },
    serveHttp1,
  );
  if (serveUpgrade !== undefined) server.on('upgrade', serveUpgrade);
  // It is given its connections; Node begins to watch over their timeouts at this event.
  server.emit('listening');
  return server;
}
