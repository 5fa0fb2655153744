import type { Disk } from '../disk.js';
import type { ClusterError } from '../errors.js';
import type { Entry } from '../raft/types.js';
import { Batch } from './batch.js';
import { Pipeline } from './pipeline.js';
import type { Head, RecordKind } from './records.js';
import { type Ahead, Segment } from './segment.js';
import { noteContinuation } from './tail.js';

const batchBytesAtFirst = 256 << 10;
const batchBytesMax = 4 << 20;

/** What the head of a new segment repeats of the log. */
export type HeadContent = Omit<Head, 'sequence' | 'previousEnd' | 'anew'>;

export interface WriterOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly ahead: Ahead;
  /** A batch can be read from its file. */
  readonly onWritten: () => void;
}

/**
 * Gives records their places and brings them to the disk, with one sync for all that wait. While a batch is written and
 * synced, the next one fills up in memory; it is written once the one before is durable, never earlier (tail.ts).
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #pipeline = new Pipeline();
  #current: Segment;
  /** The batch that takes further records. */
  #open: Batch | undefined;
  #spare: Batch | undefined;

  constructor(options: WriterOptions, current: Segment) {
    this.#options = options;
    this.#current = current;
  }

  /** Where the next record goes. */
  get current(): Segment {
    return this.#current;
  }

  get failure(): ClusterError | undefined {
    return this.#pipeline.failure;
  }

  /** Resolves once everything that was added is durable. */
  durable(): Promise<void> {
    return this.#pipeline.last;
  }

  /** A record that does not fit into what is left of the segment belongs at the beginning of a new one, whatever its size. */
  fits(recordBytes: number): boolean {
    const { begin, end } = this.#current;
    return end === begin || end + recordBytes <= this.#options.ahead.segmentBytes;
  }

  /** Returns the entry's offset in the current segment. */
  addEntry(entry: Entry): number {
    const batch = this.#batch();
    const offset = this.#current.end;
    batch.addEntry(entry);
    this.#current.end = batch.start + batch.length;
    return offset;
  }

  add(kind: RecordKind, body: Uint8Array): void {
    const batch = this.#batch();
    batch.add(kind, body);
    this.#current.end = batch.start + batch.length;
  }

  /** Records go to a new segment from now on. */
  beginSegment(content: HeadContent, anew: boolean): Segment {
    const { disk, folder, ahead } = this.#options;
    const previous = this.#current;
    const place = { sequence: previous.sequence + 1, previousEnd: previous.end, anew };
    const { segment, beginning } = Segment.plan(folder, { ...content, ...place });
    this.#open = undefined;
    this.#current = segment;
    this.#pipeline.add(async () => {
      await segment.make(disk, folder, beginning, ahead);
      await noteContinuation(previous);
    });
    return segment;
  }

  #batch(): Batch {
    if (this.#open !== undefined && this.#open.length < batchBytesMax) return this.#open;
    const segment = this.#current;
    const batch = (this.#spare ?? new Batch(batchBytesAtFirst)).begin(segment.end, segment.salt);
    this.#spare = undefined;
    this.#open = batch;
    this.#pipeline.add(() => this.#flush(segment, batch));
    return batch;
  }

  async #flush(segment: Segment, batch: Batch): Promise<void> {
    if (this.#open === batch) this.#open = undefined;
    await segment.write(batch.bytes(), batch.start, this.#options.ahead);
    this.#options.onWritten();
    await segment.sync();
    if (batch.capacity <= 2 * batchBytesMax) this.#spare = batch;
  }
}
