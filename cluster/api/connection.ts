import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { type ClientCertificate, certificateOf } from './certificate.js';
import type { MethodKind } from './context.js';
import type { Status } from './grpc-format.js';
import type { HeldAnswers } from './held-answers.js';
import { connectionWindowBytes } from './limits.js';
import type { Reader } from './reader.js';
import type { Received, ReceivedShare } from './received.js';

/** What is to be found of a call by whoever ends it from outside. */
export interface LastingCall {
  readonly leaderRequired: boolean;
  abandon(status: Status): void;
}

/** A client's connection: what all of its calls share, worked out once. */
export class Connection {
  readonly remote: string;
  readonly reader: Reader;
  readonly received: ReceivedShare;
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #lasting = new Map<LastingCall, MethodKind>();
  #atWork = 0;
  #certificate: ClientCertificate | undefined;
  #certificateKnown = false;

  /** @param socket below it; those of `session.socket` can't be closed whatever still waits to be written */
  constructor(session: ServerHttp2Session, socket: Socket, held: HeldAnswers, received: Received) {
    this.#session = session;
    this.#socket = socket;
    this.received = received.share();
    this.remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.reader = held.reader(this.remote, () => this.destroy());
    session.once('close', () => this.reader.close());
    session.on('error', () => {});
    session.setLocalWindowSize(connectionWindowBytes);
  }

  /** HTTP/2 forbids to change the certificate (RFC 9113 9.2.1), and Node parses it whenever it is asked. */
  get certificate(): ClientCertificate | undefined {
    if (!this.#certificateKnown) {
      this.#certificate = this.#session.destroyed ? undefined : certificateOf(this.#session.socket);
      this.#certificateKnown = true;
    }
    return this.#certificate;
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

  /** As `work`, of a call that may go on for days: `abandon` finds it. */
  workLong(call: LastingCall, kind: MethodKind, done: Promise<void>): void {
    this.#lasting.set(call, kind);
    this.work(done.then(() => void this.#lasting.delete(call)));
  }

  /** Ends those calls that last for which `which` holds. */
  abandon(status: Status, which: (call: LastingCall, kind: MethodKind) => boolean): void {
    for (const [call, kind] of this.#lasting) if (which(call, kind)) call.abandon(status);
  }

  /** Ends it if it does not answer in time: its client is gone without a word. */
  ping(withinMs: number): void {
    if (this.#session.closed || this.#session.destroyed) return;
    const timer = setTimeout(() => this.destroy(), withinMs);
    this.#session.ping(() => clearTimeout(timer));
  }

  /** Takes no more calls, and ends with the last one. */
  close(): void {
    this.#session.close();
  }

  /** At once: one that was closed before waits for its client to take what is on its way. */
  destroy(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }
}
