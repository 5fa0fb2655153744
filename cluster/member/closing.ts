type Close = () => void | Promise<void>;

/** What was opened, to be closed in reverse. */
export class Closing {
  #steps: Close[] = [];
  #closed: Promise<void> | undefined;

  add(step: Close): void {
    this.#steps.push(step);
  }

  /** Once; every step is taken, and then the first failure thrown. */
  close(): Promise<void> {
    this.#closed ??= this.#run();
    return this.#closed;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
