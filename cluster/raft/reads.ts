import { type Index, index, type MemberId } from '../numbers.js';

/** Beyond so many waiting reads a new one is refused. */
const waitingMax = 16_384;

export interface Read {
  readonly from: MemberId;
  readonly context: number;
}

interface Round {
  readonly number: number;
  /** The commit index when the youngest of its reads was asked. */
  index: Index;
  readonly reads: Read[];
}

export interface ConfirmedRound {
  readonly index: Index;
  readonly reads: readonly Read[];
}

/**
 * Reads that wait for proof that their leader still leads (thesis 6.4). Those asked between two Readys share a round of
 * heartbeats; a reply to a round confirms the rounds before it too. Before the first commit of the leader's term, which tells
 * it what is committed, reads only gather.
 */
export class Reads {
  #open: Round = { number: 1, index: index(0), reads: [] };
  #started: Round[] = [];
  #waiting = 0;

  /** The round that heartbeats carry, 0 when no read waits. */
  get round(): number {
    return this.#started.length === 0 ? 0 : this.#open.number - 1;
  }

  get hasOpen(): boolean {
    return this.#open.reads.length > 0;
  }

  /** False: too many wait. */
  ask(read: Read): boolean {
    if (this.#waiting >= waitingMax) return false;
    this.#waiting += 1;
    this.#open.reads.push(read);
    return true;
  }

  /** Starts a round for the reads that gathered; they see everything up to `commit`. */
  start(commit: Index): void {
    this.#open.index = commit;
    this.#started.push(this.#open);
    this.#open = { number: this.#open.number + 1, index: index(0), reads: [] };
  }

  /** The rounds up to `round`, which a quorum has confirmed. */
  confirm(round: number): readonly ConfirmedRound[] {
    const pending = this.#started.findIndex(({ number }) => number > round);
    const confirmed = this.#started.splice(0, pending < 0 ? this.#started.length : pending);
    for (const { reads } of confirmed) this.#waiting -= reads.length;
    return confirmed;
  }

  waiting(): readonly Read[] {
    return [...this.#started, this.#open].flatMap(({ reads }) => reads);
  }
}
