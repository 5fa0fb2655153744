import type { Message } from '../raft/types.js';
import { bytesOfMessage } from './message-codec.js';

export interface OutboxLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

const carriesEntries = (message: Message): boolean => message.kind === 'append' && message.entries.length > 0;

/**
 * What waits for one peer. At its bounds it drops appends first, the oldest before the others, since raft sends those
 * again by itself; then whatever is oldest.
 */
export class Outbox {
  #messages: Message[] = [];
  #bytes = 0;

  get length(): number {
    return this.#messages.length;
  }

  /** Gives how many messages had to be dropped for it. */
  push(messages: readonly Message[], limits: OutboxLimits): number {
    for (const message of messages) {
      this.#messages.push(message);
      this.#bytes += bytesOfMessage(message);
    }
    const before = this.#messages.length;
    this.#drop(limits, carriesEntries);
    this.#drop(limits, () => true);
    return before - this.#messages.length;
  }

  /** The oldest messages, about `bytesMax` of them and at least one if there is one. */
  take(bytesMax: number): readonly Message[] {
    let bytes = 0;
    const end = this.#messages.findIndex((message, at) => {
      bytes += bytesOfMessage(message);
      return at > 0 && bytes > bytesMax;
    });
    const taken = end < 0 ? this.#messages : this.#messages.slice(0, end);
    this.#messages = end < 0 ? [] : this.#messages.slice(end);
    this.#bytes -= taken.reduce((sum, message) => sum + bytesOfMessage(message), 0);
    return taken;
  }

  #drop({ messagesMax, bytesMax }: OutboxLimits, mayGo: (message: Message) => boolean): void {
    let left = this.#messages.length;
    if (left <= messagesMax && this.#bytes <= bytesMax) return;
    this.#messages = this.#messages.filter((message) => {
      if ((left <= messagesMax && this.#bytes <= bytesMax) || !mayGo(message)) return true;
      left -= 1;
      this.#bytes -= bytesOfMessage(message);
      return false;
    });
  }
}
