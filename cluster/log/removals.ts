import type { Disk } from '../disk.js';
import { attempt } from './failures.js';
import { Pipeline } from './pipeline.js';
import type { Segment } from './segment.js';

/**
 * Removes files beside the writing, the oldest first and each durably, so that a crash leaves no gap in the sequence.
 * A file that can't be removed harms nothing but the room on the disk; the next start tries again.
 */
export class Removals {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #pipeline = new Pipeline();

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  /** Resolves once all that was given is gone. */
  done(): Promise<void> {
    return this.#pipeline.last;
  }

  addSegments(segments: readonly Segment[]): void {
    for (const segment of segments) {
      this.#pipeline.add(() => segment.close());
      this.addFile(segment.path);
    }
  }

  addFile(path: string): void {
    this.#pipeline.add(() =>
      attempt(path, 'removing', 0, async () => {
        await this.#disk.remove(path);
        await this.#disk.syncFolder(this.#folder);
      }),
    );
  }
}
