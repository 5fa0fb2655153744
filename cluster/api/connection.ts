import type { ServerHttp2Session } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { connectionWindowBytes } from './limits.js';

/** A client's connection: what all of its calls share, worked out once. */
export class Connection {
  readonly remote: string;
  readonly #session: ServerHttp2Session;
  #atWork = 0;
  #commonName: string | undefined;
  #commonNameKnown = false;

  constructor(session: ServerHttp2Session) {
    const { socket } = session;
    this.#session = session;
    this.remote = `${socket.remoteAddress}:${socket.remotePort}`;
    session.on('error', () => {});
    session.setLocalWindowSize(connectionWindowBytes);
  }

  /** HTTP/2 forbids to change the certificate (RFC 9113 9.2.1), and Node parses it whenever it is asked. */
  get commonName(): string | undefined {
    if (!this.#commonNameKnown) {
      this.#commonName = commonNameOf(this.#session);
      this.#commonNameKnown = true;
    }
    return this.#commonName;
  }

  /** Handlers that have not come to an end, also those whose stream the client has reset meanwhile. */
  get atWork(): number {
    return this.#atWork;
  }

  /** @param done never rejects */
  work(done: Promise<void>): void {
    this.#atWork += 1;
    done.then(this.#worked);
  }

  readonly #worked = (): void => {
    this.#atWork -= 1;
  };

  /** Takes no more calls, and ends with the last one. */
  close(): void {
    this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }
}

// Of a chain that was verified only. A subject with several CNs, an array, names nobody.
function commonNameOf({ destroyed, socket }: ServerHttp2Session): string | undefined {
  if (destroyed || !(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}
