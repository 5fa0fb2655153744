import type { Clock } from '../clock.js';

/** Inputs that come in one round of the event loop: from so many on it pays to wait for the rest of them. */
const crowd = 3;

/**
 * When the driver takes its turns. A busy member waits until a round of the event loop has brought all that there was, and
 * takes it in one turn. A quiet one has nothing to wait for: it takes the first input of a round at once, since what a turn
 * sends leaves at the end of the round that it was taken in, and one round later otherwise.
 *
 *     quiet   append comes ▸ turn ▸ its answer leaves │
 *     busy    append, 9 proposals, 2 answers come ▸ turn │ what it sends leaves, further inputs come ▸ turn │ …
 */
export class Turns {
  readonly #clock: Pick<Clock, 'soon' | 'atOnce'>;
  readonly #take: () => void;
  #isDue = false;
  #inputs = 0;
  #roundIsWatched = false;
  #takenInRound = false;
  #isCrowded = false;

  constructor(clock: Pick<Clock, 'soon' | 'atOnce'>, take: () => void) {
    this.#clock = clock;
    this.#take = take;
  }

  /** Something has come that a turn is to take in. */
  wake(): void {
    this.#inputs += 1;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#watchRound();
    if (this.#isCrowded || this.#takenInRound) return;
    this.#takenInRound = true;
    this.#clock.atOnce(this.#run);
  }

  #watchRound(): void {
    if (this.#roundIsWatched) return;
    this.#roundIsWatched = true;
    this.#clock.soon(this.#endRound);
  }

  readonly #endRound = (): void => {
    this.#roundIsWatched = false;
    this.#takenInRound = false;
    this.#isCrowded = this.#inputs >= crowd;
    this.#inputs = 0;
    this.#run();
  };

  readonly #run = (): void => {
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#take();
  };
}
