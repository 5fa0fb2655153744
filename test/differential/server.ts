import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Method } from '../../cluster/wire/method.js';
import { plain } from './plain.js';

/** What a call came to: an answer, or a status with its text. */
export type Answer = { readonly answer: unknown } | { readonly code: number; readonly text: string };

const deadlineMs = 10_000;

/** A server as its clients see it. */
export class Server {
  readonly #client: Client;
  readonly #tokens = new Map<string, string>();

  constructor(url: string) {
    this.#client = new Client(new URL(url).host, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
    });
  }

  /** @param user in whose name, once `signIn` has been called for it; undefined: nobody's */
  call<Request, Response>(
    method: Method<Request, unknown, never, Response>,
    request: Request,
    user?: string,
  ): Promise<Answer> {
    const { promise, done } = this.#settling<Response>();
    this.#client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.#metadata(user),
      { deadline: Date.now() + deadlineMs },
      done,
    );
    return promise;
  }

  /** A call whose answer the caller wants as it is. */
  async ask<Request, Response>(method: Method<Request, unknown, never, Response>, request: Request, user?: string) {
    return new Promise<Response>((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        this.#metadata(user),
        { deadline: Date.now() + deadlineMs },
        (error, response) => (error === null ? resolve(response as Response) : reject(error)),
      );
    });
  }

  stream<Request, Response>(method: Method<Request, unknown, never, Response>, user?: string) {
    const { path, requestSerialize, responseDeserialize } = method;
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.#metadata(user));
  }

  /** The first answer of a stream, on one request. */
  first<Request, Response>(method: Method<Request, unknown, never, Response>, request: Request, user?: string) {
    const stream = this.stream(method, user);
    return new Promise<Answer>((resolve) => {
      stream.once('data', (response) => {
        resolve({ answer: plain(response) });
        stream.cancel();
      });
      stream.on('error', ({ code, details }: ServiceError) => resolve({ code, text: details }));
      stream.write(request);
    });
  }

  /** Undefined: signs out. */
  useToken(user: string, token: string | undefined): void {
    if (token === undefined) this.#tokens.delete(user);
    else this.#tokens.set(user, token);
  }

  close(): void {
    this.#client.close();
  }

  #metadata(user: string | undefined): Metadata {
    const metadata = new Metadata();
    const token = user === undefined ? undefined : this.#tokens.get(user);
    if (token !== undefined) metadata.set('token', token);
    return metadata;
  }

  #settling<Response>() {
    let settle: (answer: Answer) => void = () => {};
    const promise = new Promise<Answer>((resolve) => {
      settle = resolve;
    });
    const done = (error: ServiceError | null, response?: Response): void =>
      settle(error === null ? { answer: plain(response) } : { code: error.code, text: error.details });
    return { promise, done };
  }
}
