import type { Cancel, Clock } from '../../cluster/clock.js';
import type { Schedule } from './schedule.js';

/** The clock of one life of a member: when that is over nothing is called any more. */
export class SimulatedClock implements Clock {
  readonly #schedule: Schedule;
  readonly #owner: number;
  #isOver = false;

  constructor(schedule: Schedule, owner: number) {
    this.#schedule = schedule;
    this.#owner = owner;
  }

  get isOver(): boolean {
    return this.#isOver;
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

  #at(delayMs: number, callback: () => void): void {
    this.#schedule.at(this.#owner, delayMs, () => {
      if (!this.#isOver) callback();
    });
  }
}
