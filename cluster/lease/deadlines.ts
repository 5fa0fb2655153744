import type { LeaseId } from '../numbers.js';
import type { LeaseRemains } from '../operations/lease.js';
import { Heap } from './heap.js';
import type { Lease, LeaseFollower } from './leases.js';

/** Left of a lease more than that: it is noted in the log that often, so that no new leader begins it anew. */
export const checkpointMs = 300_000;

interface Timer {
  readonly id: LeaseId;
  readonly seconds: number;
  deadline: number;
  checkpointAt: number;
  /** The log has, or may come to have, less than all of its time. */
  checkpointed: boolean;
  /** Where it lies in the heap; never after the earlier of its times. */
  wakesAt: number;
}

export interface Due {
  readonly expired: readonly LeaseId[];
  readonly checkpoints: readonly LeaseRemains[];
}

/**
 * When leases end, on the clock of the member that leads. A follower has no times. A lease that is kept alive only gets
 * a later deadline; its place in the heap is put right when it is looked at there, so that keeping alive costs one look-up.
 */
export class Deadlines implements LeaseFollower {
  readonly #now: () => number;
  readonly #timers = new Map<LeaseId, Timer>();
  readonly #heap = new Heap<Timer>((a, b) => a.wakesAt < b.wakesAt);
  #leading = false;

  /** @param now milliseconds from some fixed point, never going back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Each lease gets what it has left from now on, and `extendMs`: its keeper had nobody to turn to for a while. */
  lead(leases: Iterable<Lease>, extendMs: number): void {
    this.follow();
    this.#leading = true;
    for (const lease of leases) this.#add(lease, extendMs);
  }

  follow(): void {
    this.#leading = false;
    this.#timers.clear();
    this.#heap.clear();
  }

  granted(lease: Lease): void {
    if (this.#leading) this.#add(lease, 0);
  }

  revoked(id: LeaseId): void {
    this.#timers.delete(id);
  }

  replaced(): void {
    this.follow();
  }

  /** Undefined when there is no such lease; 0 or less: it is being revoked. */
  remainingMs(id: LeaseId): number | undefined {
    const timer = this.#timers.get(id);
    return timer && timer.deadline - this.#now();
  }

  /** In the order in which they end; on a follower in the order given. */
  inOrder(leases: readonly Lease[]): readonly Lease[] {
    if (!this.#leading) return leases;
    const endOf = ({ id }: Lease): number => this.#timers.get(id)?.deadline ?? 0;
    return [...leases].sort((a, b) => endOf(a) - endOf(b));
  }

  /** Which of them the log may have less of than all their time: from here on it is to be told that it has all of it. */
  takeCheckpointed(ids: readonly LeaseId[]): readonly LeaseId[] {
    return ids.filter((id) => {
      const timer = this.#timers.get(id);
      const taken = timer?.checkpointed ?? false;
      if (timer !== undefined) timer.checkpointed = false;
      return taken;
    });
  }

  /** The log could not be told. */
  giveBackCheckpointed(ids: readonly LeaseId[]): void {
    for (const id of ids) {
      const timer = this.#timers.get(id);
      if (timer !== undefined) timer.checkpointed = true;
    }
  }

  /** The lease, which has not expired, begins anew. Gives its time in seconds; undefined when there is none. */
  renew(id: LeaseId): number | undefined {
    const timer = this.#timers.get(id);
    if (timer === undefined) return undefined;
    this.#begin(timer, timer.seconds * 1000);
    return timer.seconds;
  }

  /** What has expired, and what is to be noted, up to `max` leases: those handed out as expired are not again, unless postponed. */
  due(max: number): Due {
    const now = this.#now();
    const expired: LeaseId[] = [];
    const checkpoints: LeaseRemains[] = [];
    while (expired.length + checkpoints.length < max) {
      const timer = this.#heap.first;
      if (timer === undefined || timer.wakesAt > now) break;
      this.#heap.pop();
      if (this.#timers.get(timer.id) !== timer) continue;
      if (timer.deadline <= now) expired.push(timer.id);
      else {
        if (timer.checkpointAt <= now) checkpoints.push(this.#checkpoint(timer, now));
        this.#push(timer);
      }
    }
    return { expired, checkpoints };
  }

  /** They could not be revoked: they are handed out again after some time. */
  postpone(ids: readonly LeaseId[], ms: number): void {
    for (const id of ids) {
      const timer = this.#timers.get(id);
      if (timer === undefined) continue;
      timer.wakesAt = this.#now() + ms;
      this.#heap.push(timer);
    }
  }

  #add({ id, seconds, remainingSeconds }: Lease, extendMs: number): void {
    const left = remainingSeconds > 0 ? remainingSeconds : seconds;
    const timer = { id, seconds, deadline: 0, checkpointAt: 0, checkpointed: remainingSeconds > 0, wakesAt: 0 };
    this.#begin(timer, left * 1000 + extendMs);
    this.#timers.set(id, timer);
    this.#push(timer);
  }

  #begin(timer: Timer, leftMs: number): void {
    const now = this.#now();
    timer.deadline = now + leftMs;
    timer.checkpointAt = leftMs > checkpointMs ? now + checkpointMs : Number.POSITIVE_INFINITY;
  }

  #push(timer: Timer): void {
    timer.wakesAt = Math.min(timer.deadline, timer.checkpointAt);
    this.#heap.push(timer);
  }

  #checkpoint(timer: Timer, now: number): LeaseRemains {
    const leftMs = timer.deadline - now;
    timer.checkpointed = true;
    timer.checkpointAt = leftMs > checkpointMs ? now + checkpointMs : Number.POSITIVE_INFINITY;
    return { id: timer.id, seconds: Math.min(timer.seconds, Math.ceil(leftMs / 1000)) };
  }
}
