import { strict as assert } from 'node:assert';
import { type Index, index, type Term, term } from '../numbers.js';
import { Durability } from './durability.js';
import type { Entry, LogView, SnapshotMark } from './types.js';

const nothing: readonly Entry[] = [];

/**
 * The log as raft sees it: what is stored, then the tail that no Ready has taken yet.
 *
 *     stored   … 4 5 6 7
 *     tail         5 6        a conflict was replaced: 7 is gone, lastIndex() is 6
 *
 * While a snapshot is being installed the stored log counts for nothing: the log is the snapshot's mark and the tail.
 */
export class RaftLog {
  readonly #stored: LogView;
  readonly #durability: Durability;
  #tail: Entry[] = [];
  #installing: SnapshotMark | undefined;
  #snapshotTaken = true;

  constructor(stored: LogView) {
    this.#stored = stored;
    this.#durability = new Durability(stored.lastIndex());
  }

  get durableIndex(): Index {
    return this.#durability.index;
  }

  get hasTail(): boolean {
    return this.#tail.length > 0;
  }

  get hasSnapshot(): boolean {
    return this.#installing !== undefined && !this.#snapshotTaken;
  }

  /** From `install` to `installed`. */
  get installing(): SnapshotMark | undefined {
    return this.#installing;
  }

  mark(): SnapshotMark {
    return this.#installing ?? this.#stored.mark();
  }

  firstIndex(): Index {
    return this.#installing === undefined ? this.#stored.firstIndex() : index(this.#installing.index + 1);
  }

  lastIndex(): Index {
    return this.#tail.at(-1)?.index ?? this.#installing?.index ?? this.#stored.lastIndex();
  }

  lastTerm(): Term {
    return this.term(this.lastIndex()) ?? term(0);
  }

  /** Undefined for what is compacted or not there yet. */
  term(at: Index): Term | undefined {
    const first = this.#tail[0]?.index;
    if (first !== undefined && at >= first) return this.#tail[at - first]?.term;
    if (this.#installing !== undefined) return at === this.#installing.index ? this.#installing.term : undefined;
    return this.#stored.term(at);
  }

  /** From `from` on, cut off after `bytesMax` and where the tail begins. Undefined when `from` is compacted. */
  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined {
    if (from >= to) return nothing;
    const first = this.#tail[0]?.index;
    if (first !== undefined && from >= first) return cut(this.#tail, from - first, to - first, bytesMax);
    if (this.#installing !== undefined) return undefined;
    return this.#stored.entries(from, first !== undefined && first < to ? first : to, bytesMax);
  }

  /** Raft §5.3: whoever has the entry of the higher term last is ahead, in the same term the longer log. */
  isUpToDate(lastIndex: Index, lastTerm: Term): boolean {
    const own = this.lastTerm();
    return lastTerm > own || (lastTerm === own && lastIndex >= this.lastIndex());
  }

  /** Where logs could agree at best when the other side has `atTerm` at `from` (thesis 5.3): the last entry of a term that is not later. */
  lastNotAfter(from: Index, atTerm: Term): Index {
    let at = from;
    for (let own = this.term(at); at > 0 && own !== undefined && own > atTerm; own = this.term(at)) at = index(at - 1);
    return at;
  }

  push(entry: Entry): void {
    assert(entry.index === this.lastIndex() + 1, `entry ${entry.index} does not follow ${this.lastIndex()}`);
    this.#tail.push(entry);
  }

  /** Replaces whatever the log holds from the first of `entries` on. */
  replaceFrom(entries: readonly Entry[]): void {
    const from = entries[0]?.index;
    if (from === undefined) return;
    assert(from <= this.lastIndex() + 1, `entries from ${from} leave a gap after ${this.lastIndex()}`);
    this.#durability.overwritten(from);
    const kept = this.#tail[0] === undefined ? 0 : Math.max(0, from - this.#tail[0].index);
    this.#tail = kept === 0 ? entries.slice() : [...this.#tail.slice(0, kept), ...entries];
  }

  /** Hands the tail over to be stored; from now on it counts as stored. */
  takeTail(): readonly Entry[] {
    const first = this.#tail[0];
    const last = this.#tail.at(-1);
    if (first === undefined || last === undefined) return nothing;
    const taken = this.#tail;
    this.#tail = [];
    this.#durability.taken(first.index, last.index, last.term);
    return taken;
  }

  durable(last: Index, lastTerm: Term): void {
    if (this.#installing !== undefined) return;
    this.#durability.finished(last, lastTerm);
    const tailFirst = this.#tail[0]?.index;
    if (tailFirst !== undefined) this.#durability.overwritten(tailFirst);
  }

  install(mark: SnapshotMark): void {
    this.#tail = [];
    this.#installing = mark;
    this.#snapshotTaken = false;
    this.#durability.restart(index(0));
  }

  takeSnapshot(): SnapshotMark | undefined {
    if (this.#snapshotTaken) return undefined;
    this.#snapshotTaken = true;
    return this.#installing;
  }

  installed(mark: SnapshotMark): void {
    assert(
      this.#stored.lastIndex() >= mark.index,
      `the stored log ends before the installed snapshot at ${mark.index}`,
    );
    this.#installing = undefined;
    this.#durability.restart(mark.index);
  }
}

function cut(entries: Entry[], from: number, to: number, bytesMax: number): readonly Entry[] {
  let bytes = 0;
  let end = from;
  while (end < to && end < entries.length) {
    bytes += entries[end]?.data.length ?? 0;
    if (bytes > bytesMax && end > from) break;
    end += 1;
  }
  // The whole tail goes out as it is: takeTail() replaces the array and never writes to a taken one.
  return from === 0 && end === entries.length ? entries : entries.slice(from, end);
}
