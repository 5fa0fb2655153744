import type { Revision } from '../numbers.js';
import type { Change, KeyRange } from '../operations/kv.js';
import { noEnd } from './interval-index.js';

/** What a client asks to be told of. */
export interface Watch {
  readonly range: KeyRange;
  /** The first revision of interest; 0: what comes from now on. */
  readonly from: Revision;
  /** 0n: the stream picks one. */
  readonly id: bigint;
  readonly puts: boolean;
  readonly deletions: boolean;
  /** With each event what the key was before. */
  readonly previous: boolean;
  /** What is too large for one message in several. */
  readonly fragments: boolean;
  /** To be told how far it is, when nothing happens. */
  readonly progress: boolean;
  /** In whose name, if anybody's: the watch ends when that user may not read the range any more. */
  readonly user: string | undefined;
}

/** A change and its revision; one object, however many watchers are told. */
export interface Event {
  readonly revision: Revision;
  readonly change: Change;
}

/** The stream of a watcher, as those see it that have something for its client. */
export interface Recipient {
  readonly hasRoom: boolean;
  /** False: there is no room; the events are to be offered again when there is. */
  offer(watcher: Watcher, events: readonly Event[], revision: Revision): boolean;
  /** What the watcher has not been told is gone: it ends. */
  compacted(watcher: Watcher, compacted: Revision): void;
  /** The watcher's user may not read its range any more: it ends. */
  denied(watcher: Watcher): void;
}

/** Bytes as text of the same order: each character is one. */
export const textOf = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString('latin1');

const none: readonly Event[] = [];

/** One watch of a stream. There may be many thousands: it holds no more than it needs. */
export class Watcher {
  readonly id: bigint;
  readonly stream: Recipient;
  /** The key, or the first one of a range, as text. */
  readonly from: string;
  /** Of a range, exclusive. */
  readonly to: string | undefined;
  readonly user: string | undefined;
  readonly previous: boolean;
  readonly fragments: boolean;
  readonly progress: boolean;
  readonly #puts: boolean;
  readonly #deletions: boolean;
  /** What it has not been given yet begins here. Kept while it lags; of a synced one it matters when it is to come. */
  next: Revision;
  state: 'synced' | 'lagging' | 'gone' = 'lagging';
  /** Nothing was sent since the last progress notice was due. */
  quiet = true;
  #collected: Event[] | undefined;

  constructor(stream: Recipient, watch: Watch, id: bigint, next: Revision) {
    const { key, end } = watch.range;
    this.id = id;
    this.stream = stream;
    this.from = textOf(key);
    this.to =
      end === undefined || end.length === 0 ? undefined : end.length === 1 && end[0] === 0 ? noEnd : textOf(end);
    this.user = watch.user;
    this.previous = watch.previous;
    this.fragments = watch.fragments;
    this.progress = watch.progress;
    this.#puts = watch.puts;
    this.#deletions = watch.deletions;
    this.next = next;
  }

  get range(): KeyRange {
    const key = Buffer.from(this.from, 'latin1');
    if (this.to === undefined) return { key };
    return { key, end: this.to === noEnd ? Buffer.of(0) : Buffer.from(this.to, 'latin1') };
  }

  /** Whether it is to be told of a change of its keys. */
  wants(event: Event): boolean {
    return event.revision >= this.next && (event.change.tombstone ? this.#deletions : this.#puts);
  }

  /** Whether it was told of everything up to a revision, the latest, and is not waiting for a later one. */
  isLevelWith(revision: Revision): boolean {
    return this.state === 'synced' && this.next <= revision + 1;
  }

  /** Takes an event for the answer that is being put together. Says whether it is the first one. */
  collect(event: Event): boolean {
    if (this.#collected !== undefined) {
      this.#collected.push(event);
      return false;
    }
    this.#collected = [event];
    return true;
  }

  /** What was collected. */
  take(): readonly Event[] {
    const events = this.#collected ?? none;
    this.#collected = undefined;
    return events;
  }
}
