import type { Revision } from '../numbers.js';
import type { KeyRange } from '../operations/kv.js';
import { Outbox, type OutboxLimits } from './outbox.js';
import { type Event, type Recipient, type Watch, Watcher } from './watcher.js';

/** Why a watch was not begun. */
export type WatchRefusal = 'duplicate-id' | 'empty-range';

/** What a client is told. `revision` is the store's, up to which the watcher was told all; answers are in order. */
export type Answer =
  | { readonly kind: 'created'; readonly id: bigint; readonly revision: Revision }
  | { readonly kind: 'refused'; readonly reason: string; readonly revision: Revision }
  | { readonly kind: 'cancelled'; readonly id: bigint; readonly revision: Revision }
  | { readonly kind: 'denied'; readonly id: bigint; readonly revision: Revision }
  | { readonly kind: 'compacted'; readonly id: bigint; readonly compacted: Revision }
  /** No id: all watchers of the stream. */
  | { readonly kind: 'progress'; readonly id: bigint | undefined; readonly revision: Revision }
  | {
      readonly kind: 'events';
      readonly watcher: Watcher;
      readonly events: readonly Event[];
      readonly revision: Revision;
    };

/** The hub, as its streams see it. */
export interface Feed {
  readonly revision: Revision;
  add(watcher: Watcher): void;
  remove(watcher: Watcher): void;
  /** Hands out what was collected so far. */
  flush(): void;
  /** A stream has room again. */
  resume(): void;
  closed(stream: WatchStream): void;
}

/** Of an answer besides its events. */
const answerBytes = 100;

/** What a client asks for that leaves the choice to the stream; the first that is picked is the same. */
const anyId = 0n;

/** Who reads the answers. */
interface Taker {
  /** Undefined: it takes the next; else it does once that has resolved. */
  take(answer: Answer): Promise<unknown> | undefined;
  /** Nothing more comes; with `failure` if it failed. */
  end(failure: { readonly error: unknown } | undefined): void;
}

/** The watchers that share a client's stream, and what is on its way to that client: bounded, whatever happens. */
export class WatchStream implements Recipient, AsyncIterableIterator<Answer> {
  readonly #feed: Feed;
  readonly #watchers = new Map<bigint, Watcher>();
  readonly #outbox: Outbox<Answer>;
  #nextId = 0n;
  #taker: Taker | undefined;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  #onRoom: (() => void)[] = [];

  constructor(feed: Feed, limits: OutboxLimits) {
    this.#feed = feed;
    this.#outbox = new Outbox(limits);
  }

  get watchers(): Iterable<Watcher> {
    return this.#watchers.values();
  }

  get hasRoom(): boolean {
    return this.#outbox.hasRoom;
  }

  /** Events whose turn to go out has not come; counted when it is asked. */
  get pendingEvents(): number {
    return this.#outbox.waiting.reduce(
      (sum, answer) => sum + (answer?.kind === 'events' ? answer.events.length : 0),
      0,
    );
  }

  /** Begins a watch; its client is told so before anything else of it. */
  watch(watch: Watch): WatchRefusal | undefined {
    if (isEmpty(watch.range)) return 'empty-range';
    if (watch.id !== anyId && this.#watchers.has(watch.id)) return 'duplicate-id';
    const watcher = new Watcher(this, watch, this.#idFor(watch), watch.from);
    this.#watchers.set(watcher.id, watcher);
    this.#push({ kind: 'created', id: watcher.id, revision: this.#feed.revision });
    this.#feed.add(watcher);
    return undefined;
  }

  /** Says that a watch was not begun. */
  refuse(reason: string): void {
    this.#push({ kind: 'refused', reason, revision: this.#feed.revision });
  }

  /** As the client asks; an unknown id is passed over in silence. */
  cancel(id: bigint): void {
    const watcher = this.#watchers.get(id);
    if (watcher !== undefined) this.#end(watcher, { kind: 'cancelled', id, revision: this.#feed.revision });
  }

  /** Says how far all watchers are, if all are at the latest revision. */
  requestProgress(): void {
    this.#feed.flush();
    const { revision } = this.#feed;
    if (this.#watchers.size === 0) return;
    for (const watcher of this.#watchers.values()) if (!watcher.isLevelWith(revision)) return;
    this.#push({ kind: 'progress', id: undefined, revision });
  }

  /** To be called every so often: tells watchers that want to know, and have had no events since, how far they are. */
  noticeProgress(): void {
    this.#feed.flush();
    const { revision } = this.#feed;
    for (const watcher of this.#watchers.values()) {
      if (watcher.progress && watcher.quiet && watcher.isLevelWith(revision)) {
        this.#push({ kind: 'progress', id: watcher.id, revision });
      }
      watcher.quiet = true;
    }
  }

  offer(watcher: Watcher, events: readonly Event[], revision: Revision): boolean {
    if (!this.hasRoom) return false;
    watcher.quiet = false;
    this.#push({ kind: 'events', watcher, events, revision });
    return true;
  }

  compacted(watcher: Watcher, compacted: Revision): void {
    this.#end(watcher, { kind: 'compacted', id: watcher.id, compacted });
  }

  denied(watcher: Watcher): void {
    this.#end(watcher, { kind: 'denied', id: watcher.id, revision: this.#feed.revision });
  }

  /** Resolves once more may be queued, or the stream has ended. */
  async room(): Promise<void> {
    if (!this.#closed && !this.hasRoom) await new Promise<void>((resolve) => this.#onRoom.push(resolve));
  }

  /**
   * Hands over each answer in the moment in which there is one, as long as `take` has room; resolves at the stream's end.
   * @param take undefined: there is room for the next; else there is once it has resolved
   * @throws what `fail` was given, and what `take` rejects with
   */
  async deliver(take: (answer: Answer) => Promise<unknown> | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#read({ take, end: (failure) => (failure === undefined ? resolve() : reject(failure.error)) });
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next answer; one call at a time. Rejects with what `fail` was given. */
  next(): Promise<IteratorResult<Answer, undefined>> {
    return new Promise((resolve, reject) => {
      this.#read({
        take: (value) => {
          this.#taker = undefined;
          resolve({ value, done: false });
          return undefined;
        },
        end: (failure) => (failure === undefined ? resolve({ value: undefined, done: true }) : reject(failure.error)),
      });
    });
  }

  /** Ends it with an error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.close();
  }

  /** Ends all its watchers in silence, and itself. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const watcher of this.#watchers.values()) this.#feed.remove(watcher);
    this.#watchers.clear();
    this.#feed.closed(this);
    this.#releaseRoom();
    this.#endReading();
  }

  #end(watcher: Watcher, last: Answer): void {
    this.#watchers.delete(watcher.id);
    this.#feed.remove(watcher);
    this.#push(last);
  }

  #push(answer: Answer): void {
    if (this.#closed) return;
    if (this.#taker === undefined) this.#outbox.push(answer, bytesOf(answer, this.#outbox.last));
    else this.#give(this.#taker, answer);
  }

  #read(taker: Taker): void {
    this.#taker = taker;
    while (this.#taker !== undefined && !this.#closed) {
      const hadPlenty = this.#outbox.hasPlentyOfRoom;
      const answer = this.#outbox.shift();
      if (answer === undefined) return;
      this.#give(this.#taker, answer);
      if (!hadPlenty && this.#outbox.hasPlentyOfRoom) this.#releaseRoom();
    }
    if (this.#closed) this.#endReading();
  }

  /** A taker that waits has been given all that came before. */
  #give(taker: Taker, answer: Answer): void {
    const fail = (error: unknown): void => {
      this.#taker = undefined;
      taker.end({ error });
    };
    try {
      const room = taker.take(answer);
      if (room === undefined) return;
      this.#taker = undefined;
      room.then(() => this.#read(taker), fail);
    } catch (error) {
      // What goes wrong with one client must not reach whoever has changed the key.
      fail(error);
    }
  }

  #endReading(): void {
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.end(this.#failure);
  }

  #releaseRoom(): void {
    for (const resolve of this.#onRoom.splice(0)) resolve();
    this.#feed.resume();
  }

  #idFor({ id }: Watch): bigint {
    if (id !== anyId) return id;
    while (this.#watchers.has(this.#nextId)) this.#nextId += 1n;
    const picked = this.#nextId;
    this.#nextId += 1n;
    return picked;
  }
}

/** Events that the answer before holds as well take no more memory. */
function bytesOf(answer: Answer, before: Answer | undefined): number {
  if (answer.kind !== 'events') return answerBytes;
  if (before?.kind === 'events' && before.events[0] === answer.events[0]) return answerBytes;
  return answer.events.reduce((sum, { change }) => sum + change.key.length + change.value.length, answerBytes);
}

/** No key can be in the range. */
const isEmpty = ({ key, end }: KeyRange): boolean =>
  end !== undefined && end.length > 0 && !(end.length === 1 && end[0] === 0) && Buffer.compare(key, end) >= 0;
