import { IntervalIndex } from './interval-index.js';
import type { Watcher } from './watcher.js';

/** Watchers by what they watch: a change finds its own without looking at the others. */
export class WatcherIndex implements Iterable<Watcher> {
  readonly #all = new Set<Watcher>();
  /** Most keys have one watcher, and a Set for each would take more than it. */
  readonly #byKey = new Map<string, Watcher | Set<Watcher>>();
  readonly #ranges = new IntervalIndex<Watcher>();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Watcher> {
    return this.#all.values();
  }

  add(watcher: Watcher): void {
    this.#all.add(watcher);
    const { from, to } = watcher;
    if (to !== undefined) {
      this.#ranges.add(from, to, watcher);
      return;
    }
    const there = this.#byKey.get(from);
    if (there === undefined) this.#byKey.set(from, watcher);
    else if (there instanceof Set) there.add(watcher);
    else this.#byKey.set(from, new Set([there, watcher]));
  }

  delete(watcher: Watcher): void {
    if (!this.#all.delete(watcher)) return;
    const { from, to } = watcher;
    if (to !== undefined) {
      this.#ranges.delete(from, to, watcher);
      return;
    }
    const there = this.#byKey.get(from);
    if (there instanceof Set && there.size > 1) there.delete(watcher);
    else this.#byKey.delete(from);
  }

  /** Calls `each` with all that watch the key. The index must not change meanwhile. */
  visit(key: string, each: (watcher: Watcher) => void): void {
    const there = this.#byKey.get(key);
    if (there instanceof Set) for (const watcher of there) each(watcher);
    else if (there !== undefined) each(there);
    this.#ranges.visit(key, each);
  }
}
