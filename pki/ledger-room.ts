// Room for what is to be written. LMDB must not find the disk full: its own memory is damaged then, and the process ends at some
// time after. So the disk is asked beforehand, in a way that can fail.
import type { RootDatabase } from 'lmdb';
import { appendZeros, sizeOf } from './files.js';

/** What a transaction of one certificate writes at most, and what comes on top for each transaction. */
export const pagesEach = 12;
const pagesOnTop = 40;
const growthBytes = 128 * 1024;

/** How much of a ledger's file can be written to without asking the disk for more. */
export class Room {
  readonly #path: string;
  readonly #root: RootDatabase;
  #bytes = 0;
  #growing: Promise<void> | undefined;

  constructor(path: string, root: RootDatabase) {
    this.#path = path;
    this.#root = root;
  }

  /** Returns once so many pages can be written. @throws PkiError `disk-full`, or what else the disk says */
  async make(pages: number): Promise<void> {
    for (;;) {
      const { lastPageNumber, pageSize } = this.#root.getStats() as { lastPageNumber: number; pageSize: number };
      const needed = (lastPageNumber + 1 + pagesOnTop + pages) * pageSize;
      if (needed <= this.#bytes) return;
      this.#growing ??= this.#grow(needed).finally(() => {
        this.#growing = undefined;
      });
      await this.#growing;
    }
  }

  /** Others may do the same at once: then the file grows more. */
  async #grow(needed: number): Promise<void> {
    this.#bytes = (await sizeOf(this.#path)) ?? 0;
    if (needed <= this.#bytes) return;
    const more = Math.max(growthBytes, needed - this.#bytes);
    await appendZeros(this.#path, more);
    this.#bytes += more;
  }
}
