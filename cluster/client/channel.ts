import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { TooLate } from '../deadline.js';
import { ClusterError } from '../errors.js';
import type { Method } from '../wire/method.js';
import type { Endpoint } from './endpoint.js';
import { failureOf, noAnswer } from './failure.js';

/** PEM. Without `cert` and `key` no client certificate is shown; without `ca` the system's roots are trusted. */
export interface ClientTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

export interface Attempt {
  readonly timeoutMs: number;
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const buffer = (pem: string | Buffer | undefined): Buffer | null => (pem === undefined ? null : Buffer.from(pem));

// grpc-js sends an address as the TLS server name, which RFC 6066 forbids and Node warns of. A reserved name
// (RFC 6761) goes out instead, and the certificate is checked against the address all the same.
const nameForAddresses = 'address.invalid';

function credentialsFor(endpoint: Endpoint, tls: ClientTls): ChannelCredentials {
  if (!endpoint.secure) return credentials.createInsecure();
  return credentials.createSsl(buffer(tls.ca), buffer(tls.key), buffer(tls.cert), {
    checkServerIdentity: (_, certificate) => checkServerIdentity(endpoint.host, certificate),
  });
}

const optionsFor = (endpoint: Endpoint): ChannelOptions => ({
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  ...(endpoint.secure && isIP(endpoint.host) !== 0 ? { 'grpc.ssl_target_name_override': nameForAddresses } : {}),
});

const target = ({ host, port }: Endpoint): string => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`);

/** Calls to one endpoint. Connects with the first call, and again after a loss. */
export class Channel {
  readonly endpoint: Endpoint;
  readonly #client: Client;

  constructor(endpoint: Endpoint, tls: ClientTls) {
    this.endpoint = endpoint;
    this.#client = new Client(target(endpoint), credentialsFor(endpoint, tls), optionsFor(endpoint));
  }

  /** @throws ClusterError */
  call<Shape, Response>(
    method: Method<Shape, unknown, never, Response>,
    request: Shape,
    { timeoutMs, token, signal }: Attempt,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(brokenOff(this.endpoint, signal));
      const metadata = new Metadata();
      if (token !== undefined) metadata.set('token', token);
      const abort = (): void => call.cancel();
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          signal?.removeEventListener('abort', abort);
          if (signal?.aborted) return reject(brokenOff(this.endpoint, signal));
          if (error !== null) return reject(failureOf(error, this.endpoint, timeoutMs));
          resolve(response as Response);
        },
      );
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /**
   * The answers of a call as they come, taken no faster than they are wanted; `timeoutMs`: how long to wait for each.
   * @throws ClusterError
   */
  async *stream<Shape, Response>(
    method: Method<Shape, unknown, never, Response>,
    request: Shape,
    { timeoutMs, token, signal }: Attempt,
  ): AsyncGenerator<Response> {
    if (signal?.aborted) throw brokenOff(this.endpoint, signal);
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('token', token);
    const { path, requestSerialize, responseDeserialize } = method;
    const call = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
    const abort = (): void => call.cancel();
    signal?.addEventListener('abort', abort, { once: true });
    let late = false;
    const giveUp = (): void => {
      late = true;
      call.cancel();
    };
    const messages = (call as AsyncIterable<Response>)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const timer = setTimeout(giveUp, timeoutMs);
        const next = await messages.next().finally(() => clearTimeout(timer));
        if (next.done) return;
        yield next.value;
      }
    } catch (error) {
      if (signal?.aborted) throw brokenOff(this.endpoint, signal);
      if (late) throw silent(this.endpoint, timeoutMs);
      throw isServiceError(error) ? failureOf(error, this.endpoint, timeoutMs) : error;
    } finally {
      signal?.removeEventListener('abort', abort);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }
}

const isServiceError = (error: unknown): error is ServiceError => error instanceof Error && 'details' in error;

const silent = ({ text }: Endpoint, timeoutMs: number): ClusterError =>
  new ClusterError('connection-failed', `${text}: nothing came for ${timeoutMs} ms`, { endpoint: text, timeoutMs });

const brokenOff = (endpoint: Endpoint, { reason }: AbortSignal): ClusterError =>
  reason instanceof TooLate
    ? noAnswer(endpoint, 'in time', reason)
    : new ClusterError(
        'cancelled',
        `${endpoint.text}: the call was cancelled`,
        { endpoint: endpoint.text },
        { cause: reason },
      );
