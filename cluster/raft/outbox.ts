import type { Index } from '../numbers.js';
import type { Message, ReadGrant } from './types.js';

const noMessages: readonly Message[] = [];
const noReads: readonly ReadGrant[] = [];
const noContexts: readonly number[] = [];

/** What goes out with the next Ready. */
export class Outbox {
  #messages: Message[] = [];
  #afterDurable: Message[] = [];
  #reads: ReadGrant[] = [];
  #readsLost: number[] = [];

  get isEmpty(): boolean {
    return (
      this.#messages.length === 0 &&
      this.#afterDurable.length === 0 &&
      this.#reads.length === 0 &&
      this.#readsLost.length === 0
    );
  }

  send(message: Message): void {
    this.#messages.push(message);
  }

  /** For promises: a vote or an acknowledgement must survive the sender's crash (Raft figure 2). */
  sendAfterDurable(message: Message): void {
    this.#afterDurable.push(message);
  }

  grantRead(context: number, index: Index): void {
    this.#reads.push({ context, index });
  }

  loseRead(context: number): void {
    this.#readsLost.push(context);
  }

  takeMessages(): readonly Message[] {
    if (this.#messages.length === 0) return noMessages;
    const taken = this.#messages;
    this.#messages = [];
    return taken;
  }

  takeAfterDurable(): readonly Message[] {
    if (this.#afterDurable.length === 0) return noMessages;
    const taken = this.#afterDurable;
    this.#afterDurable = [];
    return taken;
  }

  takeReads(): readonly ReadGrant[] {
    if (this.#reads.length === 0) return noReads;
    const taken = this.#reads;
    this.#reads = [];
    return taken;
  }

  takeReadsLost(): readonly number[] {
    if (this.#readsLost.length === 0) return noContexts;
    const taken = this.#readsLost;
    this.#readsLost = [];
    return taken;
  }
}
