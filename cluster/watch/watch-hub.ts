import { type Revision, revision } from '../numbers.js';
import type { Change, KeyRange } from '../operations/kv.js';
import { CatchUp, type History, type SliceLimits } from './catch-up.js';
import type { OutboxLimits } from './outbox.js';
import { type Feed, WatchStream } from './watch-stream.js';
import { type Event, textOf, type Watcher } from './watcher.js';
import { WatcherIndex } from './watcher-index.js';

/** Who may watch what, on the replicated state as it is now. */
export interface Grants {
  /** Another one after every change that may matter. */
  readonly mark: number;
  /** Whether a user, or nobody, may read all of a range. */
  mayRead(user: string | undefined, range: KeyRange): boolean;
}

export interface WatchHubOptions {
  readonly history: History;
  readonly grants: Grants;
  /** Calls back in a later turn of the event loop. */
  readonly soon: (callback: () => void) => void;
  readonly limits?: WatchLimits;
}

export interface WatchLimits {
  /** Answers that wait for a client that does not read. What is more stays in the history, and is read from there later. */
  readonly outbox: OutboxLimits;
  /** What is read of the history before others have their turn; of a revision, all. */
  readonly slice: SliceLimits;
}

const defaultLimits: WatchLimits = {
  outbox: { bytesMax: 1 << 20, itemsMax: 16_384 },
  slice: { changesMax: 1000, bytesMax: 1 << 20 },
};

/**
 * Tells watchers of changes. Those that are level with the store are told in the turn in which a change is applied, in
 * one answer for all that changed in that turn; the others are with `CatchUp`.
 *
 * ```text
 *   apply 7, 8, 9 ──note──▶ watchers of these keys collect ──end of the turn──▶ one answer each, revision 9
 *                                                                no room ──▶ CatchUp, from its first event on
 * ```
 */
export class WatchHub implements Feed {
  readonly #options: WatchHubOptions;
  readonly #level = new WatcherIndex();
  readonly #behind: CatchUp;
  readonly #streams = new Set<WatchStream>();
  readonly #outboxLimits: OutboxLimits;
  #revision: Revision;
  #mark: number;
  /** Watchers that have collected events in this turn. */
  #touched: Watcher[] = [];

  constructor(options: WatchHubOptions) {
    this.#options = options;
    const { history, grants, soon, limits = defaultLimits } = options;
    this.#outboxLimits = limits.outbox;
    this.#mark = grants.mark;
    this.#revision = history.revision;
    this.#behind = new CatchUp({ history, soon, slice: limits.slice, onLevel: (watcher) => this.#join(watcher) });
  }

  /** Of the latest change that watchers were or are being told of. */
  get revision(): Revision {
    return this.#revision;
  }

  /** How many watchers there are, and how many of them are behind. */
  get size(): { readonly streams: number; readonly watchers: number; readonly behind: number } {
    return {
      streams: this.#streams.size,
      watchers: this.#level.size + this.#behind.size,
      behind: this.#behind.size,
    };
  }

  /** Events that wait for clients which do not read; counted when it is asked. */
  get pendingEvents(): number {
    return [...this.#streams].reduce((sum, { pendingEvents }) => sum + pendingEvents, 0);
  }

  open(): WatchStream {
    const stream = new WatchStream(this, this.#outboxLimits);
    this.#streams.add(stream);
    return stream;
  }

  /** To be told of every change, in order, while it is applied. */
  note(at: Revision, change: Change): void {
    this.#revision = at;
    if (this.#level.size === 0) return;
    const event: Event = { revision: at, change };
    this.#level.visit(textOf(change.key), (watcher) => {
      if (!watcher.wants(event) || !watcher.collect(event)) return;
      if (this.#touched.length === 0) queueMicrotask(() => this.flush());
      this.#touched.push(watcher);
    });
  }

  flush(): void {
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    this.#touched = [];
    for (const watcher of touched) this.#tell(watcher, watcher.take());
  }

  /** To be called after every entry, so that nobody is told of a change that came after the permission was taken away. */
  checkGrants(): void {
    const { grants } = this.#options;
    if (grants.mark === this.#mark) return;
    this.#mark = grants.mark;
    this.flush();
    for (const stream of this.#streams) {
      for (const watcher of stream.watchers) {
        if (!grants.mayRead(watcher.user, watcher.range)) watcher.stream.denied(watcher);
      }
    }
  }

  /** To be called when a snapshot has replaced the store: what happened in between is in the new history, or compacted. */
  reset(): void {
    this.flush();
    const from = revision(this.#revision + 1);
    for (const watcher of [...this.#level]) {
      this.#level.delete(watcher);
      if (watcher.next < from) watcher.next = from;
      this.#admit(watcher);
    }
    this.#revision = this.#options.history.revision;
    this.checkGrants();
  }

  add(watcher: Watcher): void {
    if (watcher.next === 0) watcher.next = revision(this.#revision + 1);
    this.#admit(watcher);
  }

  remove(watcher: Watcher): void {
    watcher.state = 'gone';
    this.#level.delete(watcher);
    this.#behind.delete(watcher);
  }

  resume(): void {
    this.#behind.wake();
  }

  closed(stream: WatchStream): void {
    this.#streams.delete(stream);
  }

  #admit(watcher: Watcher): void {
    if (watcher.next > this.#options.history.revision) {
      this.#join(watcher);
    } else {
      watcher.state = 'lagging';
      this.#behind.add(watcher);
    }
  }

  #join(watcher: Watcher): void {
    watcher.state = 'synced';
    this.#level.add(watcher);
  }

  #tell(watcher: Watcher, events: readonly Event[]): void {
    const [first] = events;
    if (first === undefined || watcher.state !== 'synced') return;
    if (watcher.stream.offer(watcher, events, this.#revision)) return;
    this.#level.delete(watcher);
    watcher.next = first.revision;
    watcher.state = 'lagging';
    this.#behind.add(watcher);
  }
}
