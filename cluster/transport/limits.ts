import type { OutboxLimits } from './outbox.js';

/** The bounds of everything between members. */
export interface PeerLimits {
  /** To connect, shake hands and be admitted. */
  readonly connectMs: number;
  /** For the answer to a question. */
  readonly answerMs: number;
  /** A peer that leaves this many pings in a row unanswered is gone: noticed after about `pingMs * (pingsMissedMax + 1)`. */
  readonly pingMs: number;
  readonly pingsMissedMax: number;
  /** Between attempts to connect: short at first, since members start together, then longer. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** What may wait for a peer that is connected, and for one that is not: there only the newest is worth sending later. */
  readonly outbox: OutboxLimits;
  readonly outboxApart: OutboxLimits;
  /** What may lie in a stream before messages wait in the outbox. */
  readonly streamBytesMax: number;
  /** One batch is about this long, and never longer than `frameBytesMax`, which the receiver holds the sender to. */
  readonly batchBytes: number;
  readonly frameBytesMax: number;
  readonly snapshotChunkBytes: number;
}

const mebibyte = 1024 ** 2;

export const defaultLimits: PeerLimits = {
  connectMs: 3000,
  answerMs: 5000,
  pingMs: 1000,
  pingsMissedMax: 3,
  retryMinMs: 20,
  retryMaxMs: 1000,
  outbox: { messagesMax: 4096, bytesMax: 16 * mebibyte },
  outboxApart: { messagesMax: 64, bytesMax: mebibyte },
  streamBytesMax: mebibyte,
  batchBytes: mebibyte,
  frameBytesMax: 64 * mebibyte,
  snapshotChunkBytes: 256 * 1024,
};
