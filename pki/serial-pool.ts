// Serials that are reserved durably, and given to nobody yet: in blocks that grow with what is asked for, so that few wait for a sync.

const blockMax = 64;

/** Writes serials down as taken; on the disk once it returns. */
type Reserve = (serials: readonly string[], now: Date) => Promise<void>;

export class SerialPool {
  readonly #make: (now: Date) => string;
  readonly #reserve: Reserve;
  readonly #serials: string[] = [];
  #block = 0;
  #waiting = 0;
  #filling: Promise<void> | undefined;

  constructor(make: (now: Date) => string, reserve: Reserve) {
    this.#make = make;
    this.#reserve = reserve;
  }

  /** A serial that nobody else gets. @throws what `reserve` does */
  async take(now: Date): Promise<string> {
    this.#waiting += 1;
    try {
      for (;;) {
        const serial = this.#serials.pop();
        if (serial !== undefined) return serial;
        this.#filling ??= this.#fill(now).finally(() => {
          this.#filling = undefined;
        });
        await this.#filling;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Takes back all that nobody got. */
  async drain(): Promise<readonly string[]> {
    await this.#filling?.catch(() => {});
    return this.#serials.splice(0);
  }

  async #fill(now: Date): Promise<void> {
    // Those who ask in the same turn wait for one sync together.
    await Promise.resolve();
    const count = Math.min(blockMax, Math.max(this.#waiting, this.#block));
    this.#block = Math.min(blockMax, Math.max(1, this.#block * 2));
    const serials = Array.from({ length: count }, () => this.#make(now));
    await this.#reserve(serials, now);
    this.#serials.push(...serials);
  }
}
