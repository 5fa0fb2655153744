import type { Disk, DiskFile } from '../disk.js';
import type { Measures } from '../measures.js';

/** What is said of a sync that took too long. */
export type OnSlowSync = (tookMs: number) => void;

/** As etcd, which warns of a slow fdatasync from one second on. */
const slowMs = 1000;

class MeasuredFile implements DiskFile {
  readonly #file: DiskFile;
  readonly #measures: Measures;
  readonly #onSlowSync: OnSlowSync;

  constructor(file: DiskFile, measures: Measures, onSlowSync: OnSlowSync) {
    this.#file = file;
    this.#measures = measures;
    this.#onSlowSync = onSlowSync;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    const began = performance.now();
    await this.#file.write(bytes, offset);
    this.#measures.logWriteSeconds.observe((performance.now() - began) / 1000);
    this.#measures.logWrittenBytes += bytes.length;
  }

  async sync(): Promise<void> {
    const began = performance.now();
    await this.#file.sync();
    const tookMs = performance.now() - began;
    this.#measures.logSyncSeconds.observe(tookMs / 1000);
    if (tookMs > slowMs) this.#onSlowSync(tookMs);
  }

  readSync(offset: number, length: number): Uint8Array {
    return this.#file.readSync(offset, length);
  }

  size(): number {
    return this.#file.size();
  }

  truncate(size: number): Promise<void> {
    return this.#file.truncate(size);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The disk, with how long its writes and syncs take counted. */
export const measuredDisk = (disk: Disk, measures: Measures, onSlowSync: OnSlowSync): Disk => ({
  ...disk,
  open: async (path, options) => new MeasuredFile(await disk.open(path, options), measures, onSlowSync),
});
