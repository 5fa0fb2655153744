import { ClusterError } from '../errors.js';

interface Step {
  readonly run: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: ClusterError) => void;
}

/**
 * Runs steps one after the other; a step begins after the current turn of the event loop's microtasks at the earliest,
 * so that what is added in one turn can share it. After a step that failed nothing runs any more: every further step,
 * waiting or new, is refused with the first failure.
 */
export class Pipeline {
  readonly #waiting: Step[] = [];
  #running = false;
  #failure: ClusterError | undefined;
  #last: Promise<void> = Promise.resolve();

  get failure(): ClusterError | undefined {
    return this.#failure;
  }

  /** Settles with the step that was added last. */
  get last(): Promise<void> {
    return this.#last;
  }

  add(run: () => Promise<void>): Promise<void> {
    const result = new Promise<void>((resolve, reject) => this.#waiting.push({ run, resolve, reject }));
    // Whoever waits sees the failure; a step that nobody waits for shows it at the next one.
    result.catch(() => {});
    this.#last = result;
    if (!this.#running) {
      this.#running = true;
      queueMicrotask(() => this.#runAll());
    }
    return result;
  }

  async #runAll(): Promise<void> {
    for (let step = this.#waiting.shift(); step !== undefined; step = this.#waiting.shift()) {
      try {
        if (this.#failure === undefined) await step.run();
      } catch (cause) {
        this.#failure = asClusterError(cause);
      }
      if (this.#failure === undefined) step.resolve();
      else step.reject(this.#failure);
    }
    this.#running = false;
  }
}

const asClusterError = (cause: unknown): ClusterError =>
  cause instanceof ClusterError ? cause : new ClusterError('log-damaged', 'the log stopped', {}, { cause });
