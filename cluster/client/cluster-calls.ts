import { ClusterError, type ClusterErrorCode } from '../errors.js';
import type { Method } from '../wire/method.js';
import { Channel, type ClientTls } from './channel.js';
import { parseEndpoint } from './endpoint.js';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** How long one server may take; 5000 if absent. */
  readonly timeoutMs?: number;
}

/** Whether asking twice does no harm. */
type Repeatable = 'repeatable' | 'once';

const defaultTimeoutMs = 5000;

/** What another member may know better. */
const worthAnother: ReadonlySet<ClusterErrorCode> = new Set([
  'connection-failed',
  'no-leader',
  'leader-changed',
  'stopped',
  'timeout',
  'timeout-leader-failure',
  'timeout-connection-lost',
  'not-supported-for-learner',
]);

/** A request that must not be carried out twice goes on only when the last server can't have seen it. */
const mayGoOn = (error: ClusterError, repeatable: Repeatable): boolean =>
  repeatable === 'repeatable'
    ? worthAnother.has(error.code)
    : error.code === 'not-supported-for-learner' ||
      (error.code === 'connection-failed' && error.details.sent === false);

function noneAnswered(errors: readonly ClusterError[]): ClusterError {
  const [first] = errors;
  if (first !== undefined && errors.length === 1) return first;
  const hint = first?.hint;
  return new ClusterError(
    'connection-failed',
    `no endpoint answered: ${errors.map(({ message }) => message).join('; ')}`,
    { endpoints: errors.map(({ details }) => details) },
    hint === undefined ? { cause: first } : { hint, cause: first },
  );
}

/** Calls to a cluster: to the endpoint that answered last, then to the others. */
export class ClusterCalls {
  token: string | undefined;
  readonly #channels: readonly Channel[];
  #preferred = 0;

  /** @throws ClusterError invalid-argument for an endpoint that does not read as one, or none */
  constructor(endpoints: readonly string[], tls: ClientTls | undefined, token: string | undefined) {
    if (endpoints.length === 0) throw new ClusterError('invalid-argument', 'no endpoints were given');
    this.token = token;
    this.#channels = endpoints.map((text) => new Channel(parseEndpoint(text, tls !== undefined), tls ?? {}));
  }

  get endpoints(): readonly string[] {
    return this.#channels.map(({ endpoint }) => endpoint.text);
  }

  /** Asks this endpoint and no other. */
  at<Shape, Response>(
    endpoint: string,
    method: Method<Shape, unknown, never, Response>,
    request: Shape,
    options: CallOptions = {},
  ): Promise<Response> {
    return this.#channelAt(endpoint).call(method, request, this.#attempt(options));
  }

  /** Asks this endpoint and no other, for answers one after the other. */
  streamAt<Shape, Response>(
    endpoint: string,
    method: Method<Shape, unknown, never, Response>,
    request: Shape,
    options: CallOptions = {},
  ): AsyncGenerator<Response> {
    return this.#channelAt(endpoint).stream(method, request, this.#attempt(options));
  }

  /** Asks any endpoint; a repeatable request also goes on to the next when one lost the connection or its leader. */
  async anywhere<Shape, Response>(
    method: Method<Shape, unknown, never, Response>,
    request: Shape,
    repeatable: Repeatable,
    options: CallOptions = {},
  ): Promise<Response> {
    const errors: ClusterError[] = [];
    for (const [place, channel] of this.#inOrder()) {
      try {
        const response = await channel.call(method, request, this.#attempt(options));
        this.#preferred = place;
        return response;
      } catch (error) {
        if (error instanceof ClusterError && worthAnother.has(error.code)) this.#leave(place);
        if (!(error instanceof ClusterError) || !mayGoOn(error, repeatable)) throw error;
        errors.push(error);
      }
    }
    throw errors.find(({ code }) => code !== 'connection-failed') ?? noneAnswered(errors);
  }

  /** The next call begins with another endpoint: one that stands still would be asked for ever. */
  #leave(place: number): void {
    if (this.#preferred === place) this.#preferred = (place + 1) % this.#channels.length;
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  #channelAt(endpoint: string): Channel {
    const channel = this.#channels.find((each) => each.endpoint.text === endpoint);
    if (channel !== undefined) return channel;
    throw new ClusterError('invalid-argument', `${endpoint} is none of this client's endpoints`, { endpoint });
  }

  #inOrder(): [place: number, channel: Channel][] {
    const all = [...this.#channels.entries()];
    return [...all.slice(this.#preferred), ...all.slice(0, this.#preferred)];
  }

  #attempt({ signal, timeoutMs = defaultTimeoutMs }: CallOptions) {
    return { signal, timeoutMs, token: this.token };
  }
}
