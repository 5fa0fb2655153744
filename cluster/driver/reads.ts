import { ClusterError } from '../errors.js';
import { Measures } from '../measures.js';
import type { Index } from '../numbers.js';
import type { ReadGrant } from '../raft/types.js';

interface Waiter {
  readonly deadline: number;
  resolve(): void;
  reject(error: ClusterError): void;
}

interface Round {
  readonly askedAt: number;
  readonly waiters: Waiter[];
}

interface Grant {
  readonly index: Index;
  readonly waiters: Waiter[];
}

/**
 * Linearizable reads between the call and the moment they may be served (thesis 6.4):
 * waiting -> asked (one raft context for all that waited) -> granted at an index -> applied up to it.
 */
export class Reads {
  readonly #asked = new Map<number, Round>();
  readonly #retryMs: number;
  readonly #measures: Measures;
  #waiting: Waiter[] = [];
  #granted: Grant[] = [];
  #context: number;

  /** `firstContext` must differ from run to run: an answer meant for an earlier life must find nobody. */
  constructor(firstContext: number, retryMs: number, measures = new Measures()) {
    this.#context = firstContext;
    this.#retryMs = retryMs;
    this.#measures = measures;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get size(): number {
    let count = this.#waiting.length;
    for (const round of this.#asked.values()) count += round.waiters.length;
    for (const grant of this.#granted) count += grant.waiters.length;
    return count;
  }

  wait(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(givenUp());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ deadline, resolve, reject });
      signal?.addEventListener('abort', () => reject(givenUp()), { once: true });
    });
  }

  /** Takes everybody who waits into one round; undefined when nobody does. The result goes to raft.readIndex. */
  ask(now: number): number | undefined {
    if (this.#waiting.length === 0) return undefined;
    this.#context += 1;
    this.#asked.set(this.#context, { askedAt: now, waiters: this.#waiting });
    this.#waiting = [];
    return this.#context;
  }

  granted(grants: readonly ReadGrant[]): void {
    for (const { context, index } of grants) {
      const round = this.#asked.get(context);
      if (round === undefined) continue;
      this.#asked.delete(context);
      this.#granted.push({ index, waiters: round.waiters });
    }
  }

  lost(contexts: readonly number[]): void {
    for (const context of contexts) this.#askAgain(context);
  }

  applied(appliedIndex: Index): void {
    if (this.#granted.length === 0) return;
    const later: Grant[] = [];
    for (const grant of this.#granted) {
      if (grant.index > appliedIndex) later.push(grant);
      else for (const waiter of grant.waiters) waiter.resolve();
    }
    this.#granted = later;
  }

  /** Asks rounds again that nobody answered, and rejects with what `refusal` says whoever has waited too long. */
  sweep(now: number, refusal: () => ClusterError): void {
    for (const [context, round] of this.#asked) {
      if (now - round.askedAt < this.#retryMs) continue;
      this.#measures.slowReadIndexes += 1;
      this.#askAgain(context);
    }
    const expire = (waiters: readonly Waiter[]): Waiter[] => {
      for (const waiter of waiters) {
        if (waiter.deadline > now) continue;
        this.#measures.failedReadIndexes += 1;
        waiter.reject(refusal());
      }
      return waiters.filter(({ deadline }) => deadline > now);
    };
    this.#waiting = expire(this.#waiting);
    for (const [context, round] of this.#asked) {
      this.#asked.set(context, { ...round, waiters: expire(round.waiters) });
    }
    this.#granted = this.#granted.map(({ index, waiters }) => ({ index, waiters: expire(waiters) }));
  }

  failAll(error: ClusterError): void {
    const rounds = [...this.#asked.values(), ...this.#granted, { waiters: this.#waiting }];
    this.#asked.clear();
    this.#granted = [];
    this.#waiting = [];
    for (const { waiters } of rounds) for (const waiter of waiters) waiter.reject(error);
  }

  #askAgain(context: number): void {
    const round = this.#asked.get(context);
    if (round === undefined) return;
    this.#asked.delete(context);
    this.#waiting.push(...round.waiters);
  }
}

const givenUp = () => new ClusterError('cancelled', 'the caller gave the read up');
