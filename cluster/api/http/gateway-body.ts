import type { MessageShape } from '../../wire/descriptors.js';
import { grpcStatus as grpc } from '../../wire/grpc-status.js';
import { messageOfJson } from '../../wire/json-to-message.js';
import { type Status, tooLarge as tooLargeStatus } from '../grpc-format.js';
import { type ReceivedShare, receivedTooMuch } from '../received.js';
import { JsonSplitter, parseJson } from './json-values.js';
import type { BodyTimer, PageRequest } from './page.js';

/** Why a body is no request; the client is told, in full. */
export class BodyRefused extends Error {
  readonly status: Status;

  constructor(code: number, text: string) {
    super(text);
    this.status = { code, text };
  }
}

const invalid = (text: string): BodyRefused => new BodyRefused(grpc.INVALID_ARGUMENT, text);

export interface BodyLimits {
  /** Of a message. */
  readonly bytesMax: number;
  /** Where what has come and is no message yet is counted. */
  readonly received: ReceivedShare;
  /** Of a body that may go on for days: runs while a message is to come, the first or the rest of one. */
  readonly timer?: BodyTimer;
}

/** Base64 takes four characters for three bytes, and the rest of the JSON is not large. */
const jsonLengthMax = (bytesMax: number): number => 2 * bytesMax;

/**
 * The messages in a body as they come, no one larger than may be. An empty body holds none.
 * @throws BodyRefused
 */
export async function* messagesOf(
  body: PageRequest,
  shape: MessageShape,
  { bytesMax, received, timer }: BodyLimits,
): AsyncGenerator<Buffer> {
  const splitter = new JsonSplitter();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let counted = 0;
  timer?.start();
  // The rest of a body that is not wanted is read and dropped, not cut off: an answer is under way.
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      timer?.stop();
      for (const text of splitter.push(decoded(decoder, chunk))) yield messageOf(text, shape, bytesMax);
      if (splitter.pendingLength > jsonLengthMax(bytesMax)) throw tooLarge(splitter.pendingLength, bytesMax);
      if (splitter.pendingLength > 0) timer?.start();
      received.remove(counted);
      counted = splitter.pendingLength;
      if (counted > 0 && !received.add(counted)) throw new BodyRefused(receivedTooMuch.code, receivedTooMuch.text);
    }
  } finally {
    timer?.stop();
    received.remove(counted);
  }
  if (splitter.isInside) throw invalid('unexpected EOF');
  const rest = splitter.rest();
  if (rest !== '') yield messageOf(rest, shape, bytesMax);
}

/** The first message in a body; what comes after it is not looked at, as in etcd. Without one it is the empty message. */
export async function firstMessageOf(body: PageRequest, shape: MessageShape, limits: BodyLimits): Promise<Buffer> {
  for await (const message of messagesOf(body, shape, limits)) return message;
  return Buffer.alloc(0);
}

function decoded(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch {
    throw invalid('the body is not UTF-8');
  }
}

function messageOf(text: string, shape: MessageShape, bytesMax: number): Buffer {
  const message = messageOfJson(shape, parsed(text));
  if (!Buffer.isBuffer(message)) throw invalid(message.complaints.join('; '));
  if (message.length > bytesMax) throw tooLarge(message.length, bytesMax);
  return message;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    // V8 quotes the text, which may hold a password.
    const reason = error instanceof Error ? error.message.replace(/,? (?:\.\.\.)?".*$/s, '') : 'it can not be read';
    throw invalid(`invalid JSON: ${reason}`);
  }
}

function tooLarge(length: number, bytesMax: number): BodyRefused {
  const { code, text } = tooLargeStatus(length, bytesMax);
  return new BodyRefused(code, text);
}
