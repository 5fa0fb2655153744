import { ClusterError } from '../errors.js';
import { quorate } from '../wire/generated/messages.js';
import { toCount } from '../wire/long.js';
import { codeOf, errorNamed } from './refusals.js';

/** What one member answers another, to the question of that id; `id` is not 0. */
export interface PeerAnswer {
  readonly id: number;
  readonly answer: Uint8Array;
  readonly failure?: ClusterError;
}

export const encodeAnswer = (id: number, answer: Uint8Array = new Uint8Array()): Uint8Array =>
  quorate.PeerAnswer.encode({ id, answer }).finish();

export const encodeFailure = (id: number, error: unknown): Uint8Array =>
  quorate.PeerAnswer.encode({
    id,
    code: codeOf(error),
    text: error instanceof Error ? error.message : String(error),
  }).finish();

/** @throws ClusterError invalid-argument */
export function decodeAnswer(bytes: Uint8Array): PeerAnswer {
  const { id, answer, code, text } = parsed('an answer', () => quorate.PeerAnswer.decode(bytes));
  return { id: toCount(id), answer, ...(code === '' ? {} : { failure: errorNamed(code, text) }) };
}

/** @throws ClusterError invalid-argument for what `decode` throws at */
export function parsed<Message>(what: string, decode: () => Message): Message {
  try {
    return decode();
  } catch (cause) {
    throw new ClusterError('invalid-argument', `${what} of a peer does not parse`, {}, { cause });
  }
}
