import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import type { AnyMethod } from './access-table.js';

/** Calls of a server by grpc-js, and what comes of them as plain values: so that two servers' answers can be compared. */
export class GrpcJs {
  token: string | undefined;
  readonly #client: Client;

  constructor(t: ExecutionContext, endpoint: string) {
    this.#client = new Client(endpoint.replace(/^http:\/\//, ''), credentials.createInsecure());
    t.teardown(() => this.#client.close());
  }

  /** Resolves with the answer; rejects with grpc-js's error. `abort` gives the call up. */
  ask<Answer>(
    method: Answers<Answer>,
    request: object,
    { signal, deadlineMs = 10_000 }: { signal?: AbortSignal; deadlineMs?: number } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize as (request: object) => Buffer,
        method.responseDeserialize,
        request,
        this.#metadata(),
        { deadline: Date.now() + deadlineMs },
        (error, answer) => (error || answer === undefined ? reject(error) : resolve(answer)),
      );
      signal?.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }

  /** A call with a stream of answers, and of requests where the method has one. */
  open<Answer>(method: Answers<Answer>, request?: object) {
    const serialize = method.requestSerialize as (request: object) => Buffer;
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      serialize,
      method.responseDeserialize,
      this.#metadata(),
    );
    if (request !== undefined) {
      call.write(request);
      call.end();
    }
    return call;
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.token !== undefined) metadata.set('token', this.token);
    return metadata;
  }
}

export type Answers<Answer> = AnyMethod & { readonly responseDeserialize: (bytes: Buffer) => Answer };

/** How a call ended: "OK", or its status and text. */
export async function verdict(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'OK';
  } catch (error) {
    const { code, details } = error as ServiceError;
    return `${status[code]} ${details}`;
  }
}

/** How a call with a stream ended, in the same words. */
export function ended(call: Pick<ClientDuplexStream<object, unknown>, 'on'>): Promise<string> {
  call.on('error', () => {});
  return new Promise((resolve) => {
    call.on('status', ({ code, details }) => resolve(`${status[code]} ${details}`.trim()));
  });
}
