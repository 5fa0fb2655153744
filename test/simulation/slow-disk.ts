import type { Disk, DiskFile } from '../../cluster/disk.js';

/** A disk whose syncs take virtual time, until it is told to hurry. */
export class SlowDisk implements Disk {
  readonly #disk: Disk;
  readonly #wait: (done: () => void) => void;
  readonly #waiting = new Set<() => void>();
  #isSlow = false;

  /** `wait` calls back after the time that a sync takes. */
  constructor(disk: Disk, wait: (done: () => void) => void) {
    this.#disk = disk;
    this.#wait = wait;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  slowDown(): void {
    this.#isSlow = true;
  }

  hurry(): void {
    this.#isSlow = false;
    for (const done of [...this.#waiting]) done();
  }

  list(folder: string): Promise<string[]> {
    return this.#disk.list(folder);
  }

  makeFolder(folder: string): Promise<void> {
    return this.#disk.makeFolder(folder);
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    const file = await this.#disk.open(path, options);
    return {
      write: (bytes, offset) => file.write(bytes, offset),
      sync: async () => {
        await this.#takeTime();
        await file.sync();
      },
      readSync: (offset, length) => file.readSync(offset, length),
      size: () => file.size(),
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.#disk.remove(path);
  }

  syncFolder(folder: string): Promise<void> {
    return this.#disk.syncFolder(folder);
  }

  #takeTime(): Promise<void> {
    if (!this.#isSlow) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        resolve();
      };
      this.#waiting.add(done);
      this.#wait(done);
    });
  }
}
