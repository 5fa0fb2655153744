import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Disk } from '../disk.js';
import { ClusterError } from '../errors.js';
import type { Index, Term } from '../numbers.js';
import { index as toIndex } from '../numbers.js';
import type { Entry, HardState, LogView, SnapshotMark } from '../raft/types.js';
import { type Content, createContent } from './creation.js';
import { EntryCache } from './entry-cache.js';
import { readEntries } from './entry-source.js';
import type { EntryTable } from './entry-table.js';
import { attempt } from './failures.js';
import { aheadOf, cacheBytesOf, type LogOptions } from './options.js';
import { encodeHardState, encodeMark, entryRecordBytes, hardStateRecordBytes, recordKinds } from './records.js';
import { recover } from './recovery.js';
import { Removals } from './removals.js';
import { type Segment, sequenceOf } from './segment.js';
import { readHead } from './segment-head.js';
import { type HeadContent, Writer } from './writer.js';

export type { LogOptions };

/**
 * The durable raft log: entries, hard state and the mark of the snapshot it starts after, in a folder of its own.
 * Reads are synchronous and see what was appended at once; a promise resolves when its content is durable, in the order
 * of the calls. After a failed write or sync every further call is refused with the same ClusterError `disk-full` or
 * `log-damaged`, because nothing is known any more of what is on the disk; reads still answer. One process at a time.
 */
export class Log implements LogView {
  readonly #folder: string;
  readonly #identity: Uint8Array;
  readonly #table: EntryTable;
  readonly #cache: EntryCache;
  readonly #writer: Writer;
  readonly #removals: Removals;
  #segments: readonly Segment[];
  #hardState: HardState;
  #mark: SnapshotMark;
  #closed: Promise<void> | undefined;

  private constructor(disk: Disk, folder: string, content: Content, options: LogOptions) {
    const { segments, current } = content;
    this.#folder = folder;
    this.#identity = content.identity;
    this.#table = content.table;
    this.#cache = new EntryCache(cacheBytesOf(options));
    this.#segments = segments;
    this.#removals = new Removals(disk, folder);
    this.#hardState = content.hardState;
    this.#mark = content.mark;
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
    return new Log(disk, folder, await createContent(disk, folder, identity, mark, aheadOf(options)), options);
  }

  /**
   * Reads a log back, and cuts off what a crash left unfinished at its end.
   * @throws ClusterError `log-damaged` with path and offset, `data-dir-refused` for another format version or no log at all.
   */
  static async open(disk: Disk, folder: string, options: LogOptions = {}): Promise<Log> {
    const { content, obsolete } = await recover(disk, folder);
    const log = new Log(disk, folder, content, options);
    for (const path of obsolete) log.#removals.addFile(path);
    log.#removals.addSegments(log.#releasable());
    await log.#removals.done();
    return log;
  }

  /** What the log in the folder was created with, without reading it all. @throws ClusterError as `open` */
  static async identityIn(disk: Disk, folder: string): Promise<Uint8Array> {
    const newest = (await disk.list(folder)).filter((name) => sequenceOf(name) !== undefined).at(-1);
    if (newest === undefined) throw new ClusterError('data-dir-refused', `${folder} holds no log`, { folder });
    const path = join(folder, newest);
    const file = await attempt(path, 'opening', 0, () => disk.open(path, { create: false }));
    try {
      return readHead(path, file).head.identity;
    } finally {
      await file.close();
    }
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
    this.#removals.addSegments(dropped);
    await this.#removals.done();
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
    this.#removals.addSegments(dropped);
    await this.#removals.done();
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
    await this.#removals.done().catch(() => {});
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
}
