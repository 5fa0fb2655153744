import { type Index, type MemberId, noMember } from '../numbers.js';

/** A leadership on its way to another member (thesis 3.10); given up after an election timeout. */
export class Transfer {
  readonly #ticksMax: number;
  #transferee: MemberId = noMember;
  #elapsed = 0;
  #mayCall = false;

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
    this.#mayCall = true;
  }

  /** The transferee has answered something: a call that was lost may be repeated. */
  heard(): void {
    this.#mayCall = true;
  }

  /** Whether to call on the transferee to take over, given how far its log goes. */
  isCallDue(match: Index | undefined, last: Index): boolean {
    return this.isUnderWay && this.#mayCall && match === last;
  }

  called(): void {
    this.#mayCall = false;
  }

  tick(): void {
    this.#elapsed += 1;
    if (this.#elapsed >= this.#ticksMax) this.abort();
  }

  abort(): void {
    this.#transferee = noMember;
  }
}
