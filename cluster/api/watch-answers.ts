import Long from 'long';
import { ClusterError } from '../errors.js';
import { type Revision, revision } from '../numbers.js';
import type { KeyValue } from '../operations/kv.js';
import type { Answer, Event } from '../watch/index.js';
import { eventMessage } from '../wire/events.js';
import type { etcdserverpb } from '../wire/generated/messages.js';
import { encodeEvent, watchFrame } from '../wire/watch-frames.js';
import type { Replies } from './context.js';
import type { Desk } from './desk.js';
import { deniedText } from './watch-texts.js';

type Message = etcdserverpb.WatchResponse.$Properties;
type Events = Extract<Answer, { kind: 'events' }>;

interface Told extends Events {
  readonly frame: Buffer;
}

/** Stands for watchers that never came to be, and for all of a stream. */
const noId = -1;
/** Of a message besides its events, and of an event besides itself: more than they can come to. */
const messageBytes = 100;
const eventHeadBytes = 6;

const idOf = (id: bigint): number | Long => {
  const short = Number(id);
  return Number.isSafeInteger(short) ? short : Long.fromBigInt(id);
};

/** What watchers are told, as etcd's messages. */
export class WatchAnswers {
  readonly #desk: Desk;
  readonly #bytesMax: number;
  /** Events without what was before, which are the same for all who are told. */
  readonly #encoded = new WeakMap<Event, Uint8Array>();
  /** Streams mostly have one watcher, of one number: what one is told is to the octet what the next one is. */
  #last: Told | undefined;

  /** @param bytesMax of a message to a watcher that takes fragments */
  constructor(desk: Desk, bytesMax: number) {
    this.#desk = desk;
    this.#bytesMax = bytesMax;
  }

  /** Undefined: there is room for the next; else resolves once there is. */
  tell(answer: Answer, replies: Replies<Message>): Promise<unknown> | undefined {
    return answer.kind === 'events' ? this.#tellEvents(answer, replies) : replies.send(this.#message(answer));
  }

  #message(answer: Exclude<Answer, Events>): Message {
    switch (answer.kind) {
      case 'created':
        return { header: this.#desk.header(answer.revision), watchId: idOf(answer.id), created: true };
      case 'refused': {
        const { reason: cancelReason } = answer;
        return {
          header: this.#desk.header(answer.revision),
          watchId: noId,
          created: true,
          canceled: true,
          cancelReason,
        };
      }
      case 'cancelled':
        return { header: this.#desk.header(answer.revision), watchId: idOf(answer.id), canceled: true };
      case 'denied':
        return {
          header: this.#desk.header(answer.revision),
          watchId: idOf(answer.id),
          canceled: true,
          cancelReason: deniedText,
        };
      case 'compacted': {
        const { compacted: compactRevision } = answer;
        return { header: this.#desk.header(revision(0)), watchId: idOf(answer.id), canceled: true, compactRevision };
      }
      case 'progress':
        return {
          header: this.#desk.header(answer.revision),
          watchId: answer.id === undefined ? noId : idOf(answer.id),
        };
    }
  }

  #tellEvents(answer: Events, replies: Replies<Message>): Promise<unknown> | undefined {
    const { watcher, events, revision: at } = answer;
    this.#desk.state.measures.events += events.length;
    if (!watcher.fragments && this.#last !== undefined && areAlike(answer, this.#last))
      return replies.sendFrame(this.#last.frame);
    const head = { header: this.#desk.header(at), watchId: idOf(watcher.id) };
    const encoded = events.map((event) => this.#event(event, watcher.previous));
    if (!watcher.fragments) {
      const frame = watchFrame(head, encoded);
      this.#last = { frame, ...answer };
      return replies.sendFrame(frame);
    }
    const parts = fragments(encoded, this.#bytesMax);
    const frames = parts.map((part, n) => watchFrame({ fragment: n < parts.length - 1, ...head }, part));
    return sendAll(frames, replies);
  }

  #event(event: Event, withPrevious: boolean): Uint8Array {
    const { revision: at, change } = event;
    const isFirst = !change.tombstone && change.create === at;
    if (withPrevious && !isFirst) return encodeEvent(eventMessage(change, at, this.#before(change.key, at)));
    const known = this.#encoded.get(event);
    if (known !== undefined) return known;
    const encoded = encodeEvent(eventMessage(change, at, undefined));
    this.#encoded.set(event, encoded);
    return encoded;
  }

  /** The key right before a revision; undefined when that is compacted. */
  #before(key: Uint8Array, at: Revision): KeyValue | undefined {
    try {
      return this.#desk.state.kv.range({ key, revision: revision(at - 1), ...plainRange }).kvs[0];
    } catch (error) {
      if (error instanceof ClusterError && error.code === 'compacted') return undefined;
      throw error;
    }
  }
}

/** Whether two watchers are told the same in the same words. */
const areAlike = (a: Events, b: Events): boolean =>
  a.revision === b.revision &&
  a.watcher.id === b.watcher.id &&
  a.watcher.previous === b.watcher.previous &&
  a.events.length === b.events.length &&
  a.events.every((event, n) => event === b.events[n]);

const none = revision(0);
const plainRange = {
  kind: 'range',
  limit: 0,
  order: 'none',
  target: 'key',
  serializable: true,
  keysOnly: false,
  countOnly: false,
  minModRevision: none,
  maxModRevision: none,
  minCreateRevision: none,
  maxCreateRevision: none,
} as const;

/** Cut so that each part fits, if it is not one event that alone does not. */
function fragments(events: readonly Uint8Array[], bytesMax: number): Uint8Array[][] {
  const parts: Uint8Array[][] = [[]];
  let bytes = messageBytes;
  for (const event of events) {
    const more = eventHeadBytes + event.length;
    const part = parts.at(-1);
    if (part === undefined || (part.length > 0 && bytes + more > bytesMax)) {
      parts.push([event]);
      bytes = messageBytes + more;
    } else {
      part.push(event);
      bytes += more;
    }
  }
  return parts;
}

async function sendAll(frames: readonly Buffer[], replies: Replies<Message>): Promise<void> {
  for (const frame of frames) await replies.sendFrame(frame);
}
