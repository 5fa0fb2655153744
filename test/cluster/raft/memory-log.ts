import { strict as assert } from 'node:assert';
import { type Index, index, type Term, term } from '../../../cluster/numbers.js';
import type { Entry, LogView, Membership, SnapshotMark } from '../../../cluster/raft/types.js';

/** A log in memory: what a test's raft sees, and as a copy of it what its disk holds. */
export class MemoryLog implements LogView {
  #mark: SnapshotMark;
  #entries: Entry[];

  constructor(mark: SnapshotMark, entries: readonly Entry[] = []) {
    this.#mark = mark;
    this.#entries = [...entries];
  }

  copy(): MemoryLog {
    return new MemoryLog(this.#mark, this.#entries);
  }

  mark(): SnapshotMark {
    return this.#mark;
  }

  firstIndex(): Index {
    return index(this.#mark.index + 1);
  }

  lastIndex(): Index {
    return index(this.#mark.index + this.#entries.length);
  }

  term(at: Index): Term | undefined {
    return at === this.#mark.index ? this.#mark.term : this.#entries[at - this.#mark.index - 1]?.term;
  }

  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined {
    if (from <= this.#mark.index) return undefined;
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(from - this.firstIndex(), to - this.firstIndex())) {
      bytes += entry.data.length;
      if (bytes > bytesMax && found.length > 0) break;
      found.push(entry);
    }
    return found;
  }

  all(): readonly Entry[] {
    return this.#entries;
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    assert(first.index > this.#mark.index && first.index <= this.lastIndex() + 1);
    this.#entries.splice(first.index - this.firstIndex(), Number.POSITIVE_INFINITY, ...entries);
  }

  compact(upTo: Index, membership: Membership): void {
    const atTerm = this.term(upTo);
    if (atTerm === undefined || upTo <= this.#mark.index) return;
    this.#entries.splice(0, upTo - this.#mark.index);
    this.#mark = { index: upTo, term: atTerm, membership };
  }

  reset(mark: SnapshotMark): void {
    this.#mark = mark;
    this.#entries = [];
  }
}

/** Holds an entry for each of the terms. */
export function logWithTerms(membership: Membership, terms: readonly number[]): MemoryLog {
  const entries = terms.map((at, before): Entry => {
    const data = new TextEncoder().encode(`${before + 1}/${at}`);
    return { index: index(before + 1), term: term(at), kind: 'command', data };
  });
  return new MemoryLog({ index: index(0), term: term(0), membership }, entries);
}
