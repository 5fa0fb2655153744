import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { ClusterError } from '../errors.js';
import type { Index, Term } from '../numbers.js';
import { noMember, index as toIndex } from '../numbers.js';
import type { Entry, HardState, LogView, SnapshotMark } from '../raft/types.js';
import { EntryCache } from './entry-cache.js';
import { readEntries } from './entry-source.js';
import type { EntryTable } from './entry-table.js';
import { attempt } from './failures.js';
import { Pipeline } from './pipeline.js';
import { encodeHardState, encodeMark, entryRecordBytes, hardStateRecordBytes, recordKinds } from './records.js';
import { type Recovered, recover } from './recovery.js';
import { type Ahead, preparingName, Segment, sequenceOf } from './segment.js';
import { type HeadContent, Writer } from './writer.js';

export interface LogOptions {
  /** A segment takes about so much, at most 1 GiB; 64 MiB. An entry that is larger has a segment to itself. */
  readonly segmentBytes?: number;
  /** Zeros are written ahead of the records in pieces of this size; 1 MiB. */
  readonly chunkBytes?: number;
  /** The latest entries' data kept in memory; 16 MiB. */
  readonly cacheBytes?: number;
}

const segmentBytesMax = 1 << 30;
const cacheBytesByDefault = 16 << 20;

const aheadOf = ({ segmentBytes = 64 << 20, chunkBytes = 1 << 20 }: LogOptions): Ahead => {
  assert(segmentBytes <= segmentBytesMax, `segments of ${segmentBytes} bytes are too large`);
  return { segmentBytes, chunkBytes };
};

/**
 * The durable raft log: entries, hard state and the mark of the snapshot it starts after, in a folder of its own.
 * Reads are synchronous and see what was appended at once; a promise resolves when its content is durable, in the order
 * of the calls. After a failed write or sync every further call is refused with the same ClusterError `disk-full` or
 * `log-damaged`, because nothing is known any more of what is on the disk; reads still answer. One process at a time.
 */
export class Log implements LogView {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #identity: Uint8Array;
  readonly #table: EntryTable;
  readonly #cache: EntryCache;
  readonly #writer: Writer;
  readonly #removals = new Pipeline();
  #segments: readonly Segment[];
  #hardState: HardState;
  #mark: SnapshotMark;
  #closed: Promise<void> | undefined;

  private constructor(disk: Disk, folder: string, { replay, segments, current }: Recovered, options: LogOptions) {
    this.#disk = disk;
    this.#folder = folder;
    this.#identity = replay.identity;
    this.#table = replay.table;
    this.#cache = new EntryCache(options.cacheBytes ?? cacheBytesByDefault);
    this.#segments = segments;
    this.#hardState = replay.hardState;
    this.#mark = replay.mark;
    const onWritten = (): void => this.#cache.trim((entry) => this.#isWritten(entry.index));
    this.#writer = new Writer({ disk, folder, ahead: aheadOf(options), onWritten }, current);
  }

  /** Whether the folder holds a log. */
  static async exists(disk: Disk, folder: string): Promise<boolean> {
    return (await disk.list(folder)).some((name) => sequenceOf(name) !== undefined);
  }

  /**
   * A new log, empty after `mark`. `identity` says whose it is; the log keeps it without looking into it.
   * @throws ClusterError `data-dir-refused` when there is one already, `disk-full`, `log-damaged`.
   */
  static async create(
    disk: Disk,
    folder: string,
    identity: Uint8Array,
    mark: SnapshotMark,
    options: LogOptions = {},
  ): Promise<Log> {
    if (await Log.exists(disk, folder))
      throw new ClusterError('data-dir-refused', `${folder} holds a log already`, { folder });
    await attempt(folder, 'creating', 0, () => disk.makeFolder(folder));
    if ((await disk.list(folder)).includes(preparingName)) await disk.remove(join(folder, preparingName));
    const hardState: HardState = { term: mark.term, vote: noMember, commit: mark.index };
    const place = { sequence: 1, previousEnd: 0, anew: true, last: mark.index };
    const { segment, beginning } = Segment.plan(folder, { ...place, identity, hardState, mark });
    await segment.make(disk, folder, beginning, aheadOf(options));
    await segment.close();
    return Log.open(disk, folder, options);
  }

  /**
   * Reads a log back, and cuts off what a crash left unfinished at its end.
   * @throws ClusterError `log-damaged` with path and offset, `data-dir-refused` for another format version or no log at all.
   */
  static async open(disk: Disk, folder: string, options: LogOptions = {}): Promise<Log> {
    const recovered = await recover(disk, folder);
    const log = new Log(disk, folder, recovered, options);
    log.#remove(recovered.obsolete);
    await log.#drop(log.#releasable());
    return log;
  }

  /** What the log was created with. */
  get identity(): Uint8Array {
    return this.#identity;
  }

  /** Files that the log consists of. */
  get segments(): number {
    return this.#segments.length;
  }

  /** Why the log refuses everything, if it does. */
  get failure(): ClusterError | undefined {
    return this.#writer.failure;
  }

  mark(): SnapshotMark {
    return this.#mark;
  }

  firstIndex(): Index {
    return this.#table.first;
  }

  lastIndex(): Index {
    return this.#table.last;
  }

  term(index: Index): Term | undefined {
    return index === this.#mark.index ? this.#mark.term : this.#table.term(index);
  }

  /** The hard state last given, durable or not. */
  hardState(): HardState {
    return this.#hardState;
  }

  /** @throws ClusterError `log-damaged` when an entry can no longer be read from the disk. */
  entries(from: Index, to: Index, bytesMax: number): readonly Entry[] | undefined {
    if (from < this.#table.first) return undefined;
    const end = Math.min(to, this.#table.last + 1);
    let until: number = from;
    for (let bytes = 0; until < end; until += 1) {
      bytes += this.#table.length(until);
      if (until > from && bytes > bytesMax) break;
    }
    return readEntries(this.#table, this.#cache, from, until);
  }

  /**
   * Adds entries, in place of what is there from the first one's index on, then the hard state. Resolves when everything
   * given so far is durable, also without anything new. The entries' data must not change afterwards.
   */
  append(entries: readonly Entry[], hardState?: HardState): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    for (const entry of entries) this.#add(entry);
    if (hardState !== undefined) {
      if (!this.#writer.fits(hardStateRecordBytes)) this.#beginSegment();
      this.#writer.add(recordKinds.hardState, encodeHardState(hardState));
      this.#hardState = hardState;
    }
    return this.#writer.durable();
  }

  /** Forgets the entries up to `mark.index`, which a snapshot holds; resolves when their segments are removed. */
  async compact(mark: SnapshotMark): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    if (mark.index <= this.#mark.index) return;
    assert(this.#table.term(mark.index) === mark.term, `the log has no entry ${mark.index} of term ${mark.term}`);
    this.#writer.add(recordKinds.mark, encodeMark(mark));
    this.#mark = mark;
    this.#table.dropThrough(mark.index);
    this.#cache.dropThrough(mark.index);
    const dropped = this.#releasable();
    await this.#writer.durable();
    await this.#drop(dropped);
  }

  /** Begins the log anew, empty after `mark`: a snapshot was installed. After a crash it is as before or as after. */
  async reset(mark: SnapshotMark, hardState: HardState): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    this.#mark = mark;
    this.#hardState = hardState;
    this.#table.clear(toIndex(mark.index + 1));
    this.#cache.clear();
    const dropped = this.#segments;
    this.#segments = [this.#writer.beginSegment(this.#headContent(), true)];
    await this.#writer.durable();
    await this.#drop(dropped);
  }

  /** Waits for what is under way, and notes that all of it was durable. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    // A failure has reached whoever waited for what failed; the note itself is not owed to anybody.
    if (this.failure === undefined) {
      this.#writer.add(recordKinds.closed, new Uint8Array());
      await this.#writer.durable().catch(() => {});
    }
    await this.#removals.last.catch(() => {});
    await Promise.allSettled(this.#segments.map((segment) => segment.close()));
  }

  #refusal(): ClusterError | undefined {
    return this.#closed === undefined
      ? this.failure
      : new ClusterError('stopped', `the log in ${this.#folder} is closed`);
  }

  #add(entry: Entry): void {
    if (!this.#writer.fits(entryRecordBytes(entry.data.length))) this.#beginSegment();
    const segment = this.#writer.current;
    const offset = this.#writer.addEntry(entry);
    this.#table.add(entry.index, entry.term, segment, offset, entry.data.length);
    this.#cache.add(entry);
  }

  #beginSegment(): void {
    this.#segments = [...this.#segments, this.#writer.beginSegment(this.#headContent(), false)];
  }

  #headContent(): HeadContent {
    return { last: this.#table.last, identity: this.#identity, hardState: this.#hardState, mark: this.#mark };
  }

  #isWritten(index: Index): boolean {
    return this.#table.segment(index).written > this.#table.offset(index);
  }

  /** Takes the segments out of the log whose entries are all compacted. */
  #releasable(): readonly Segment[] {
    const { first, last } = this.#table;
    const needed = first > last ? this.#writer.current : this.#table.segment(first);
    const dropped = this.#segments.filter((segment) => segment.sequence < needed.sequence);
    this.#segments = this.#segments.slice(dropped.length);
    return dropped;
  }

  #drop(segments: readonly Segment[]): Promise<void> {
    for (const segment of segments) this.#removals.add(() => segment.close());
    return this.#remove(segments.map(({ path }) => path));
  }

  /** The oldest first and each durably, so that a crash leaves no gap in the sequence. */
  #remove(paths: readonly string[]): Promise<void> {
    for (const path of paths)
      this.#removals.add(() =>
        attempt(path, 'removing', 0, async () => {
          await this.#disk.remove(path);
          await this.#disk.syncFolder(this.#folder);
        }),
      );
    return this.#removals.last;
  }
}
