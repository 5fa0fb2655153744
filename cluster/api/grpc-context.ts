import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import type { CallContext } from './context.js';

type Call = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;

/** A call of grpc-js, looked into only as far as it is asked. */
export class GrpcContext implements CallContext {
  readonly #call: Call;
  #controller: AbortController | undefined;
  #answered = false;

  constructor(call: Call) {
    this.#call = call;
  }

  get token(): string | undefined {
    return this.#metadata('token') ?? this.#metadata('authorization')?.replace(/^Bearer /i, '');
  }

  get commonName(): string | undefined {
    // grpc-js gives the certificate of a verified chain only. A subject with several CNs, an array, names nobody.
    const name: unknown = this.#call.getAuthContext().sslPeerCertificate?.subject?.CN;
    return typeof name === 'string' ? name : undefined;
  }

  get leaderRequired(): boolean {
    return this.#metadata('hasleader') === 'true';
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#abortedWithCall();
    return this.#controller.signal;
  }

  get remote(): string {
    return this.#call.getPeer();
  }

  /** From now on nothing is aborted: grpc-js calls every call cancelled once its stream has closed. */
  answered(): void {
    this.#answered = true;
  }

  #abortedWithCall(): AbortController {
    const controller = new AbortController();
    const abort = (): void => {
      if (!this.#answered) controller.abort();
    };
    if (this.#call.cancelled) abort();
    else this.#call.once('cancelled', abort);
    return controller;
  }

  #metadata(key: string): string | undefined {
    const [value] = this.#call.metadata.get(key);
    return typeof value === 'string' ? value : undefined;
  }
}

/** Node would parse the certificate anew for every call; HTTP/2 forbids to change it (RFC 9113 9.2.1). */
export function pinCertificate(socket: Socket): void {
  if (!(socket instanceof TLSSocket)) return;
  const certificate = socket.getPeerCertificate();
  Object.defineProperty(socket, 'getPeerCertificate', { value: () => certificate });
}
