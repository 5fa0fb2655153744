import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';
import { ClusterError } from '../errors.js';
import { quorate } from '../wire/generated/messages.js';
import { toCount } from '../wire/long.js';
import { codeNamed } from '../wire/status.js';
import { type Dialing, dial, type PeerStream } from './dial.js';
import { FrameReader, writeFrame } from './grpc-frames.js';
import type { AnswerQuestion, Peer } from './network.js';
import { okTrailers } from './refusals.js';

export const questionsPath = '/quorate.Peer/Questions';

/** Of one peer, unanswered; those that come from it as well. */
const openMax = 1024;

interface Waiter {
  readonly timer: NodeJS.Timeout;
  resolve(answer: Uint8Array): void;
  reject(error: ClusterError): void;
}

/**
 * What this member asks one peer: a stream that is opened with the first question, and anew after it broke. Answers come
 * in any order. A question that got no answer may have been heard all the same.
 */
export class Questions {
  readonly #dialing: Dialing;
  readonly #peer: Peer;
  readonly #stop = new AbortController();
  readonly #open = new Map<number, Waiter>();
  #stream: Promise<ClientHttp2Stream> | undefined;
  #id = 0;

  constructor(dialing: Dialing, peer: Peer) {
    this.#dialing = dialing;
    this.#peer = peer;
  }

  /** @throws ClusterError connection-failed, timeout, too-many-requests, cancelled, and what the peer answers with */
  async ask(topic: string, question: Uint8Array): Promise<Uint8Array> {
    if (this.#open.size >= openMax)
      throw new ClusterError('too-many-requests', `${this.#peer.name} has ${openMax} questions to answer already`);
    this.#id += 1;
    const id = this.#id;
    const answer = this.#answerTo(id);
    const frame = quorate.PeerQuestion.encode({ id, topic, question }).finish();
    this.#connected().then(
      (stream) => void writeFrame(stream, frame),
      (error: unknown) => this.#fail(id, failureOf(error, this.#peer)),
    );
    return answer;
  }

  close(reason: ClusterError): void {
    this.#stop.abort(reason);
    for (const id of [...this.#open.keys()]) this.#fail(id, reason);
  }

  #answerTo(id: number): Promise<Uint8Array> {
    const { answerMs } = this.#dialing.limits;
    const late = () =>
      this.#fail(id, new ClusterError('timeout', `no answer from ${this.#peer.name} in ${answerMs} ms`));
    return new Promise((resolve, reject) => {
      this.#open.set(id, { timer: setTimeout(late, answerMs), resolve, reject });
    });
  }

  #connected(): Promise<ClientHttp2Stream> {
    this.#stream ??= this.#connect();
    return this.#stream;
  }

  async #connect(): Promise<ClientHttp2Stream> {
    try {
      const { session, stream } = await dialAny(this.#dialing, this.#peer, this.#stop.signal);
      const end = (): void => session.destroy();
      this.#stop.signal.addEventListener('abort', end);
      const reader = new FrameReader(this.#dialing.limits.frameBytesMax, (frame) => this.#receive(frame));
      stream.on('data', (chunk: Buffer) => {
        try {
          reader.push(chunk);
        } catch {
          end();
        }
      });
      stream.on('close', () => {
        this.#stop.signal.removeEventListener('abort', end);
        this.#broken();
      });
      return stream;
    } catch (error) {
      this.#stream = undefined;
      throw error;
    }
  }

  #broken(): void {
    this.#stream = undefined;
    const lost = new ClusterError('connection-failed', `the connection to ${this.#peer.name} broke`);
    for (const id of [...this.#open.keys()]) this.#fail(id, lost);
  }

  #receive(frame: Buffer): void {
    const { id, answer, code, text } = quorate.PeerAnswer.decode(frame);
    const at = toCount(id);
    if (code !== '') this.#fail(at, new ClusterError(codeNamed(code) ?? 'remote', text));
    else this.#take(at)?.resolve(answer);
  }

  #fail(id: number, error: ClusterError): void {
    this.#take(id)?.reject(error);
  }

  #take(id: number): Waiter | undefined {
    const waiter = this.#open.get(id);
    this.#open.delete(id);
    clearTimeout(waiter?.timer);
    return waiter;
  }
}

/** Answers what a peer asks on a stream, each question as soon as that is possible. */
export function answerQuestions(
  stream: ServerHttp2Stream,
  peer: Peer,
  topics: ReadonlyMap<string, AnswerQuestion>,
  frameBytesMax: number,
): void {
  let open = 0;
  const answer = async ({ id, topic, question }: quorate.PeerQuestion): Promise<quorate.PeerAnswer.$Properties> => {
    try {
      const known = topics.get(topic);
      if (known === undefined) throw new ClusterError('unimplemented', `nothing is known about ${topic} here`);
      if (open > openMax) throw new ClusterError('too-many-requests', `${openMax} questions are open`);
      return { id, answer: await known(peer.id, question) };
    } catch (error) {
      return { id, code: error instanceof ClusterError ? error.code : 'remote', text: textOf(error) };
    }
  };
  const reader = new FrameReader(frameBytesMax, (frame) => {
    open += 1;
    void answer(quorate.PeerQuestion.decode(frame)).then((message) => {
      open -= 1;
      if (!stream.destroyed && !stream.writableEnded) writeFrame(stream, quorate.PeerAnswer.encode(message).finish());
    });
  });
  stream.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk);
    } catch {
      stream.session?.destroy();
    }
  });
  stream.once('wantTrailers', () => stream.sendTrailers(okTrailers));
  stream.on('end', () => stream.end());
}

async function dialAny(dialing: Dialing, peer: Peer, stop: AbortSignal): Promise<PeerStream> {
  let failure: unknown;
  for (const url of peer.urls) {
    try {
      return await dial(dialing, peer, url, questionsPath, stop);
    } catch (error) {
      stop.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const failureOf = (error: unknown, peer: Peer): ClusterError =>
  error instanceof ClusterError
    ? error
    : new ClusterError('connection-failed', `${peer.name} is not reached: ${textOf(error)}`, {}, { cause: error });
