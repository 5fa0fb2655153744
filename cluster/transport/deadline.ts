/** An AbortSignal that fires with `stop`, or after a time. To be cleared when no longer needed. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #stop: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #stopped = (): void => this.#controller.abort(this.#stop.reason);

  // Not AbortSignal.any of AbortSignal.timeout: Node may collect those as garbage before they fire (nodejs/node#57736).
  constructor(stop: AbortSignal, ms: number) {
    this.#stop = stop;
    this.#timer = setTimeout(() => this.#controller.abort(new Error('no answer in time')), ms);
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
