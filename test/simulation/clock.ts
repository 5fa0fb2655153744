import type { Cancel, Clock } from '../../cluster/clock.js';
import type { Schedule } from './schedule.js';

/** The clock of one life of a member: when that is over nothing is called any more. */
export class SimulatedClock implements Clock {
  readonly #schedule: Schedule;
  readonly #owner: number;
  #isOver = false;
  #pausedUntil = 0;

  constructor(schedule: Schedule, owner: number) {
    this.#schedule = schedule;
    this.#owner = owner;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Until then nothing runs: the process was not given the processor, or its machine stood still. */
  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  pause(ms: number): void {
    this.#pausedUntil = this.now() + ms;
  }

  end(): void {
    this.#isOver = true;
  }

  now(): number {
    return this.#schedule.now;
  }

  every(intervalMs: number, callback: () => void): Cancel {
    let isCancelled = false;
    const next = (): void =>
      this.#at(intervalMs, () => {
        if (isCancelled) return;
        callback();
        next();
      });
    next();
    return () => {
      isCancelled = true;
    };
  }

  after(delayMs: number, callback: () => void): Cancel {
    let isCancelled = false;
    this.#at(delayMs, () => {
      if (!isCancelled) callback();
    });
    return () => {
      isCancelled = true;
    };
  }

  soon(callback: () => void): void {
    this.#at(0, callback);
  }

  atOnce(callback: () => void): void {
    this.#at(0, callback);
  }

  #at(delayMs: number, callback: () => void): void {
    this.#schedule.at(this.#owner, delayMs, () => {
      if (this.#isOver) return;
      const pauseMs = this.#pausedUntil - this.now();
      if (pauseMs > 0) this.#at(pauseMs, callback);
      else callback();
    });
  }
}
