/** Stops what it was given for; harmless when called again. */
export type Cancel = () => void;

/** Time as the members see it; a simulated one makes a run repeatable. */
export interface Clock {
  /** Milliseconds from some fixed point, never going back. */
  now(): number;
  every(intervalMs: number, callback: () => void): Cancel;
  after(delayMs: number, callback: () => void): Cancel;
  /** Once the input that is at hand has been taken in: lets work gather into batches. */
  soon(callback: () => void): void;
  /** Once what runs now has come to its end, before any further input. */
  atOnce(callback: () => void): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  every(intervalMs, callback) {
    const timer = setInterval(callback, intervalMs);
    return () => clearInterval(timer);
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  soon(callback) {
    setImmediate(callback);
  },
  atOnce(callback) {
    queueMicrotask(callback);
  },
};
