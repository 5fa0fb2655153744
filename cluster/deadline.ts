import { setMaxListeners } from 'node:events';

/** Why a deadline's signal fired, when nothing else stopped it before. */
export class TooLate extends Error {}

/** An AbortSignal that fires with `stop`, or after a time. To be cleared when no longer needed. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #stopped = (): void => this.#controller.abort(this.#stop.reason);

  // Not AbortSignal.any of AbortSignal.timeout: Node may collect those as garbage before they fire (nodejs/node#57736).
  constructor(stop: AbortSignal, ms: number) {
    this.#stop = stop;
    // Of what may run under it each part listens: hundreds at once are no leak.
    setMaxListeners(0, this.#controller.signal);
    this.#timer = setTimeout(() => this.#controller.abort(new TooLate('no answer in time')), ms);
    if (stop.aborted) this.#stopped();
    else stop.addEventListener('abort', this.#stopped);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#stop.removeEventListener('abort', this.#stopped);
  }
}

/** Does what it can within a time; the signal fires at its end, or with `stop`. */
export async function within<Result>(
  ms: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new Deadline(stop, ms);
  try {
    return await work(deadline.signal);
  } finally {
    deadline.clear();
  }
}

/**
 * Calls when a time is over, and never before. Node's timers count from the beginning of the turn of the loop that they are made in,
 * in whole milliseconds; whoever is told of a deadline that they have not reached themselves, as clientv3, does it all again.
 */
export class Expiry {
  #timer: NodeJS.Timeout;

  constructor(ms: number, call: () => void) {
    const at = performance.now() + ms;
    const look = (): void => {
      const leftMs = at - performance.now();
      if (leftMs > 0) this.#timer = setTimeout(look, leftMs);
      else call();
    };
    this.#timer = setTimeout(look, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
