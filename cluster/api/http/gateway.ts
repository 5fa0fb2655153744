import type { Socket } from 'node:net';
import { ClusterError } from '../../errors.js';
import { type MessageShape, messagesOf as messageShapesOf } from '../../wire/descriptors.js';
import { grpcStatus as grpc } from '../../wire/grpc-status.js';
import type { Status } from '../grpc-format.js';
import type { HeldAnswers } from '../held-answers.js';
import type { Served } from '../kinds.js';
import { callsMax } from '../limits.js';
import type { Reader } from '../reader.js';
import type { Received, ReceivedShare } from '../received.js';
import { type BodyLimits, BodyRefused, firstMessageOf, messagesOf } from './gateway-body.js';
import { GatewayCall } from './gateway-call.js';
import { errorBody } from './gateway-format.js';
import { gatewayPaths } from './gateway-paths.js';
import {
  type Answer,
  answerAtOnce,
  BodyTimer,
  limitBody,
  type PageRequest,
  type PageResponse,
  remoteOf,
} from './page.js';

export interface GatewayOptions {
  /** The methods by their gRPC paths: the same that gRPC's calls are given to. */
  readonly methods: ReadonlyMap<string, Served>;
  /** Of a request as a message. */
  readonly messageBytesMax: number;
  readonly held: HeldAnswers;
  readonly received: Received;
  /** How long a client may take for a body, or for a message of a stream that it has begun. */
  readonly bodyMs: number;
}

/** The JSON gateway: etcd's API as POST requests under /v3/, for the same handlers as gRPC. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #calls = new Set<GatewayCall>();
  readonly #readers = new WeakMap<Socket, Reader>();
  readonly #received = new WeakMap<Socket, ReceivedShare>();

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  serve(path: string, request: PageRequest, response: PageResponse): void {
    const method = gatewayPaths.get(path) ?? '';
    const served = this.#options.methods.get(method);
    const shapes = messageShapesOf(method);
    if (served === undefined || shapes === undefined) answerAtOnce(request, response, notFound);
    else if (request.method !== 'POST') answerAtOnce(request, response, notAllowed);
    else if (this.#calls.size >= callsMax) answerAtOnce(request, response, tooMany);
    else {
      const lasting = served.kind !== 'unary';
      const reader = this.#readerOf(request.socket);
      const call = new GatewayCall({ request, response, path: method, shape: shapes.response, lasting, reader });
      this.#calls.add(call);
      void this.#work(served, call, request, shapes.request).finally(() => this.#calls.delete(call));
    }
  }

  /** Ends what goes on until somebody ends it. */
  close(status: Status): void {
    for (const call of this.#calls) call.abandon(status);
  }

  #readerOf(socket: Socket): Reader {
    const known = this.#readers.get(socket);
    if (known !== undefined) return known;
    const reader = this.#options.held.reader(remoteOf(socket), () => socket.destroy());
    this.#readers.set(socket, reader);
    socket.once('close', () => reader.close());
    return reader;
  }

  #limitsOf({ socket }: PageRequest): BodyLimits {
    const received = this.#received.get(socket) ?? this.#options.received.share();
    this.#received.set(socket, received);
    return { bytesMax: this.#options.messageBytesMax, received };
  }

  async #work(served: Served, call: GatewayCall, request: PageRequest, shape: MessageShape): Promise<void> {
    if (served.kind === 'bidirectional') {
      const timer = new BodyTimer(request, this.#options.bodyMs);
      const limits = { ...this.#limitsOf(request), timer };
      await served.serve(guarded(messagesOf(request, shape, limits), call), call);
    } else {
      const message = await this.#onlyMessage(call, request, shape);
      if (message !== undefined) await served.serve(message, call);
    }
    // What was not wanted of the body.
    request.resume();
  }

  async #onlyMessage(call: GatewayCall, request: PageRequest, shape: MessageShape): Promise<Buffer | undefined> {
    limitBody(request, this.#options.bodyMs);
    try {
      const message = await firstMessageOf(request, shape, this.#limitsOf(request));
      return call.over ? undefined : message;
    } catch (error) {
      if (error instanceof BodyRefused) call.refuse(error.status);
      return undefined;
    }
  }
}

/** As the handlers of streams expect it: whatever else ends the requests early is a client that broke off. */
async function* guarded(messages: AsyncIterable<Buffer>, call: GatewayCall): AsyncGenerator<Buffer> {
  try {
    yield* messages;
  } catch (error) {
    if (error instanceof BodyRefused) call.refuse(error.status);
    throw new ClusterError('cancelled', 'the client broke off in the middle of its requests', {}, { cause: error });
  }
}

const answer = (status: number, code: number, text: string): Answer => ({
  ...{ status, type: 'application/json' },
  body: errorBody({ code, text }),
});

const notFound = answer(404, grpc.NOT_FOUND, 'Not Found');
/** As the gateway of etcd has it since 3.5; 3.4 says 405. */
const notAllowed = answer(501, grpc.UNIMPLEMENTED, 'Method Not Allowed');
const tooMany = answer(429, grpc.RESOURCE_EXHAUSTED, `${callsMax} calls of the gateway are under way`);
