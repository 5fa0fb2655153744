import { strict as assert } from 'node:assert';
import { type Index, index } from '../numbers.js';
import type { RaftLog } from './raft-log.js';
import { bytesOf } from './replication.js';
import type { Entry } from './types.js';
import { Window } from './window.js';

const nothing: readonly Entry[] = [];

/** Hands out what is committed and durable here, in order, once, and no more at a time than the state keeps up with. */
export class Applying {
  readonly #log: RaftLog;
  readonly #bytesMax: number;
  readonly #unapplied = new Window();
  #handed: Index;
  #applied: Index;

  constructor(log: RaftLog, applied: Index, bytesMax: number) {
    this.#log = log;
    this.#bytesMax = bytesMax;
    this.#handed = applied;
    this.#applied = applied;
  }

  get appliedIndex(): Index {
    return this.#applied;
  }

  hasNext(commit: Index): boolean {
    return this.#handed < this.#limit(commit) && this.#mayHandOut;
  }

  next(commit: Index): readonly Entry[] {
    if (!this.hasNext(commit)) return nothing;
    const from = index(this.#handed + 1);
    const to = index(this.#limit(commit) + 1);
    const entries = this.#log.entries(from, to, this.#bytesMax - this.#unapplied.bytes);
    const last = entries?.at(-1)?.index;
    assert(entries !== undefined && last !== undefined, `committed entries from ${from} are not in the log`);
    this.#unapplied.open(last, bytesOf(entries));
    this.#handed = last;
    return entries;
  }

  applied(at: Index): void {
    if (at <= this.#applied) return;
    assert(at <= this.#handed, `${at} applied, but only ${this.#handed} handed out`);
    this.#applied = at;
    this.#unapplied.release(at);
  }

  /** The state is now that of a snapshot. */
  restart(at: Index): void {
    this.#unapplied.clear();
    this.#handed = at;
    this.#applied = at;
  }

  get #mayHandOut(): boolean {
    return (
      this.#log.installing === undefined && (this.#unapplied.count === 0 || this.#unapplied.bytes < this.#bytesMax)
    );
  }

  #limit(commit: Index): Index {
    return this.#log.durableIndex < commit ? this.#log.durableIndex : commit;
  }
}
