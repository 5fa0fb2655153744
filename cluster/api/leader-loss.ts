/** How often in a row a leader is to be missed: to connect anew costs clients much more than one request refused. */
const missesMax = 3;

/**
 * Notices that this member has lost its cluster, for clients that want no answers from such a one (metadata `hasleader`):
 * once it has known no leader at several looks in a row, an election timeout apart, `onLost` is called, and at every look
 * after that until there is one again.
 */
export class LeaderLoss {
  readonly #timer: NodeJS.Timeout;
  #misses = 0;

  constructor(electionMs: number, leaderIsKnown: () => boolean, onLost: () => void) {
    this.#timer = setInterval(() => {
      this.#misses = leaderIsKnown() ? 0 : this.#misses + 1;
      if (this.#misses >= missesMax) onLost();
    }, electionMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
