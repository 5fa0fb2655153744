import { once } from 'node:events';
import { Expiry } from '../../deadline.js';
import type { MessageShape } from '../../wire/descriptors.js';
import { grpcStatus as grpc } from '../../wire/grpc-status.js';
import { jsonOfMessage } from '../../wire/message-to-json.js';
import { frameHeaderBytes, Pieces } from '../../wire/method.js';
import { type ClientCertificate, certificateOf } from '../certificate.js';
import type { Exchange } from '../context.js';
import { type Status, timeoutMsOf } from '../grpc-format.js';
import { countedBytesMin } from '../held-answers.js';
import type { Reader } from '../reader.js';
import { errorBody, errorLine, httpStatusOf } from './gateway-format.js';
import { type PageRequest, type PageResponse, remoteOf, send } from './page.js';

const json = 'application/json';

export interface GatewayCallOptions {
  readonly request: PageRequest;
  readonly response: PageResponse;
  /** The method's, of gRPC. */
  readonly path: string;
  readonly shape: MessageShape;
  /** Whether the method has a stream of answers. */
  readonly lasting: boolean;
  readonly reader: Reader;
}

/** One call through the gateway: to the handlers what a gRPC call is, to its client a response of HTTP. */
export class GatewayCall implements Exchange {
  readonly path: string;
  readonly viaGateway = true;
  user: string | undefined = undefined;
  readonly #options: GatewayCallOptions;
  readonly #controller = new AbortController();
  #deadline: Expiry | undefined;
  #answered = false;
  #gone = false;
  /** Of the answer, that are counted as unread. */
  #held = 0;

  constructor(options: GatewayCallOptions) {
    this.#options = options;
    this.path = options.path;
    options.response.on('close', () => this.#closed());
    const timeout = this.#header('grpc-timeout');
    if (timeout !== undefined) this.#limit(timeout);
  }

  get token(): string | undefined {
    return this.#header('grpc-metadata-token') ?? this.#header('authorization')?.replace(/^Bearer /i, '');
  }

  /** Never: those who come through a gateway are not those whose certificate it is (CVE-2018-16886). */
  get commonName(): undefined {
    return undefined;
  }

  get certificate(): ClientCertificate | undefined {
    return certificateOf(this.#options.request.socket);
  }

  get clientVersion(): string | undefined {
    return this.#header('grpc-metadata-client-api-version');
  }

  get leaderRequired(): boolean {
    return this.#header('grpc-metadata-hasleader') === 'true';
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get remote(): string {
    return remoteOf(this.#options.request.socket);
  }

  get reader(): Reader {
    return this.#options.reader;
  }

  get over(): boolean {
    return this.#answered || this.#gone;
  }

  answer(frame: Buffer | Pieces): void {
    if (this.over) return;
    const body = JSON.stringify(this.#json(frame instanceof Pieces ? frame.whole() : frame));
    if (body.length >= countedBytesMin) this.hold(body.length - this.#held);
    if (this.#settle()) send(this.#options.response, { status: 200, type: json, body });
  }

  hold(bytes: number): void {
    if (this.over) return;
    this.#held += bytes;
    this.reader.hold(bytes, 'answer');
  }

  write(frame: Buffer): Promise<unknown> | undefined {
    if (this.over) return undefined;
    const { response } = this.#options;
    if (!response.headersSent) response.writeHead(200, { 'content-type': json });
    const line = `${JSON.stringify({ result: this.#json(frame) })}\n`;
    if (response.write(line)) return undefined;
    this.reader.hold(line.length, 'stream');
    return once(response, 'drain', { signal: this.signal }).finally(() => this.reader.release(line.length, 'stream'));
  }

  end(status: Status = { code: grpc.OK, text: '' }): void {
    this.#end(status, this.#options.lasting ? errorLine : errorBody);
  }

  /** What is no request is told alike by all methods, as long as there was no answer. */
  refuse(status: Status): void {
    this.#end(status, errorBody);
  }

  #end(status: Status, bodyOf: (status: Status) => string): void {
    if (!this.#settle()) return;
    const { response } = this.#options;
    const isError = status.code !== grpc.OK;
    if (response.headersSent) response.end(isError ? errorLine(status) : undefined);
    else if (!isError) send(response, { status: 200, type: json, body: '' });
    else send(response, { status: httpStatusOf(status.code), type: json, body: bodyOf(status) });
  }

  /** Ends it while its handler is at work; what that still comes to is dropped. */
  abandon(status: Status): void {
    this.end(status);
    this.#controller.abort();
  }

  #settle(): boolean {
    this.#deadline?.clear();
    if (this.over) return false;
    this.#answered = true;
    return true;
  }

  #closed(): void {
    this.#deadline?.clear();
    this.#gone = true;
    this.reader.release(this.#held, 'answer');
    if (!this.#answered) this.#controller.abort();
  }

  #limit(text: string): void {
    const timeoutMs = timeoutMsOf(text);
    if (timeoutMs === undefined) {
      this.end({ code: grpc.INVALID_ARGUMENT, text: `invalid grpc-timeout: ${text}` });
      return;
    }
    const expired: Status = { code: grpc.DEADLINE_EXCEEDED, text: 'context deadline exceeded' };
    this.#deadline = new Expiry(timeoutMs, () => this.abandon(expired));
  }

  #json(frame: Buffer): unknown {
    return jsonOfMessage(this.#options.shape, frame.subarray(frameHeaderBytes));
  }

  #header(name: string): string | undefined {
    const value = this.#options.request.headers[name];
    return typeof value === 'string' ? value : undefined;
  }
}
