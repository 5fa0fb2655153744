import { ClusterError } from '../errors.js';
import { quorate } from '../wire/generated/messages.js';
import { toCount } from '../wire/long.js';
import { type Dialing, dialAny } from './dial.js';
import type { AnswerQuestion, Peer } from './network.js';
import { decodeAnswer, encodeAnswer, encodeFailure, parsed } from './peer-answers.js';
import type { PeerStream } from './peer-stream.js';

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
  #stream: Promise<PeerStream> | undefined;
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
      (stream) => void stream.write(frame),
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

  #connected(): Promise<PeerStream> {
    this.#stream ??= this.#connect();
    return this.#stream;
  }

  async #connect(): Promise<PeerStream> {
    try {
      const stream = await dialAny(this.#dialing, this.#peer, questionsPath, this.#stop.signal);
      const end = (): void => stream.destroy();
      this.#stop.signal.addEventListener('abort', end);
      stream.read((message) => this.#receive(message));
      void stream.closed.then(() => {
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

  #receive(message: Buffer): void {
    const { id, answer, failure } = decodeAnswer(message);
    if (failure === undefined) this.#take(id)?.resolve(answer);
    else this.#fail(id, failure);
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
export function answerQuestions(stream: PeerStream, peer: Peer, topics: ReadonlyMap<string, AnswerQuestion>): void {
  let open = 0;
  const answer = async ({ topic, question }: quorate.PeerQuestion): Promise<Uint8Array> => {
    const known = topics.get(topic);
    if (known === undefined) throw new ClusterError('unimplemented', `nothing is known about ${topic} here`);
    if (open > openMax) throw new ClusterError('too-many-requests', `${openMax} questions are open`);
    return known(peer.id, question);
  };
  stream.read((message) => {
    const question = parsed('a question', () => quorate.PeerQuestion.decode(message));
    const id = toCount(question.id);
    open += 1;
    void answer(question)
      .then(
        (bytes) => encodeAnswer(id, bytes),
        (error: unknown) => encodeFailure(id, error),
      )
      .then((frame) => {
        open -= 1;
        stream.write(frame);
      });
  });
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const failureOf = (error: unknown, peer: Peer): ClusterError =>
  error instanceof ClusterError
    ? error
    : new ClusterError('connection-failed', `${peer.name} is not reached: ${textOf(error)}`, {}, { cause: error });
