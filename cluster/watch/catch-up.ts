import { type Revision, revision } from '../numbers.js';
import type { Change } from '../operations/kv.js';
import { type Event, textOf, type Watcher } from './watcher.js';
import { WatcherIndex } from './watcher-index.js';

/** The past, as the store keeps it. */
export interface History {
  readonly revision: Revision;
  /** What is older is gone. */
  readonly compactedRevision: Revision;
  /** Changes from a revision on, in order. Nothing must change meanwhile. */
  changes(from: Revision): Iterable<Event>;
}

export interface SliceLimits {
  readonly changesMax: number;
  readonly bytesMax: number;
}

export interface CatchUpOptions {
  readonly slice: SliceLimits;
  readonly history: History;
  /** Calls back in a later turn of the event loop. */
  readonly soon: (callback: () => void) => void;
  /** Told of each watcher that has been told of all there is. */
  readonly onLevel: (watcher: Watcher) => void;
}

/**
 * Watchers that are behind: with a start in the past, or a client that did not read for a while. They are read to from the
 * history, in slices between which everything else goes on, and all that are in the same place share a slice:
 *
 *     history      1 ──────────── 40 ──────────────── 90
 *     watchers     A from 1       B from 35        C from 88
 *     slices       [1..20] A   [88..90] C   [21..40] A B   [41..60] A B   …
 *
 * Those that are near the end go first every other time, so that nobody who reconnects waits for somebody who reads all.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #index = new WatcherIndex();
  #due = false;
  #nearFirst = true;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#index.size;
  }

  add(watcher: Watcher): void {
    this.#index.add(watcher);
    this.wake();
  }

  delete(watcher: Watcher): void {
    this.#index.delete(watcher);
  }

  /** To be called when a stream has room again. */
  wake(): void {
    if (this.#due || this.#index.size === 0) return;
    this.#due = true;
    this.#options.soon(() => {
      this.#due = false;
      this.#slice();
    });
  }

  #slice(): void {
    this.#endCompacted();
    const readers = [...this.#index].filter(({ stream }) => stream.hasRoom);
    if (readers.length === 0) return;
    const start = this.#startOf(readers);
    const sharing = new Set(readers.filter(({ next }) => next >= start));
    const end = this.#collect(start, sharing);
    for (const watcher of sharing) if (watcher.next <= end) this.#deliver(watcher, end);
    this.wake();
  }

  #endCompacted(): void {
    const { compactedRevision } = this.#options.history;
    for (const watcher of this.#index) {
      if (watcher.next < compactedRevision) watcher.stream.compacted(watcher, compactedRevision);
    }
  }

  #startOf(readers: readonly Watcher[]): Revision {
    const near = readers.filter(({ next }) => next > this.#options.history.revision - this.#options.slice.changesMax);
    this.#nearFirst = !this.#nearFirst;
    const group = this.#nearFirst || near.length === 0 ? readers : near;
    return revision(group.reduce((first, { next }) => Math.min(first, next), this.#options.history.revision as number));
  }

  /** Reads one slice, and gives its events to whom they concern. Says at which revision it ends. */
  #collect(start: Revision, sharing: ReadonlySet<Watcher>): Revision {
    const { history, slice } = this.#options;
    let [changes, bytes, end] = [0, 0, start];
    for (const event of history.changes(start)) {
      if (event.revision > end && (changes >= slice.changesMax || bytes >= slice.bytesMax)) return end;
      end = event.revision;
      changes += 1;
      bytes += sizeOf(event.change);
      this.#index.visit(textOf(event.change.key), (watcher) => {
        if (sharing.has(watcher) && watcher.wants(event)) watcher.collect(event);
      });
    }
    return history.revision;
  }

  #deliver(watcher: Watcher, end: Revision): void {
    const events = watcher.take();
    const [first] = events;
    if (first !== undefined && !watcher.stream.offer(watcher, events, end)) {
      watcher.next = first.revision;
      return;
    }
    watcher.next = revision(end + 1);
    if (end < this.#options.history.revision) return;
    this.#index.delete(watcher);
    this.#options.onLevel(watcher);
  }
}

const sizeOf = ({ key, value }: Change): number => key.length + value.length;
