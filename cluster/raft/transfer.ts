import { type MemberId, noMember } from '../numbers.js';

/** A leadership on its way to another member (thesis 3.10); given up after an election timeout. */
export class Transfer {
  readonly #ticksMax: number;
  #transferee: MemberId = noMember;
  #elapsed = 0;

  constructor(ticksMax: number) {
    this.#ticksMax = ticksMax;
  }

  get transferee(): MemberId {
    return this.#transferee;
  }

  get isUnderWay(): boolean {
    return this.#transferee !== noMember;
  }

  /** To the same member again: the time already spent counts. */
  begin(to: MemberId): void {
    if (to === this.#transferee) return;
    this.#transferee = to;
    this.#elapsed = 0;
  }

  tick(): void {
    this.#elapsed += 1;
    if (this.#elapsed >= this.#ticksMax) this.abort();
  }

  abort(): void {
    this.#transferee = noMember;
  }
}
