import { noMember, index as toIndex } from '../numbers.js';
import type { HardState, SnapshotMark } from '../raft/types.js';
import { EntryTable } from './entry-table.js';
import { logDamaged } from './failures.js';
import { entryFields, type FoundRecord, RecordReader } from './record-reader.js';
import { decodeHardState, decodeMark, entryKindOf, type Head, recordKinds } from './records.js';
import type { Segment } from './segment.js';

const windowBytes = 1 << 20;

/** Goes through the segments of a log from the first on, and gathers what the log keeps in memory. */
export class Replay {
  readonly #table: EntryTable;
  #identity: Uint8Array;
  #hardState: HardState;
  #mark: SnapshotMark;
  #lastBatch = 0;
  #continued = false;

  constructor(head: Head) {
    this.#identity = head.identity;
    this.#hardState = head.hardState;
    this.#mark = head.mark;
    this.#table = new EntryTable(toIndex(head.last + 1));
  }

  get table(): EntryTable {
    return this.#table;
  }

  get identity(): Uint8Array {
    return this.#identity;
  }

  get mark(): SnapshotMark {
    return this.#mark;
  }

  /**
   * The last one written. After a crash in the middle of an append, entries may be there without the hard state that came
   * with them. Then the term is theirs, and there was no vote in it: a vote is durable before it is sent, with its term.
   */
  get hardState(): HardState {
    const term = this.#table.term(this.#table.last) ?? this.#mark.term;
    return term > this.#hardState.term ? { ...this.#hardState, term, vote: noMember } : this.#hardState;
  }

  /** Where the batch of the last record begins. */
  get lastBatch(): number {
    return this.#lastBatch;
  }

  /** Whether the segment that was read last says that there is a next one. */
  get continued(): boolean {
    return this.#continued;
  }

  /** Reads the segment's records up to the first that is not whole, or up to `until`, where it has to end. */
  run(segment: Segment, head: Head, until: number | undefined): void {
    if (head.last !== this.#table.last)
      throw logDamaged(
        segment.path,
        `it goes on after entry ${head.last}, but the one before ends with ${this.#table.last}`,
      );
    const reader = new RecordReader(segment.file, segment.salt, windowBytes);
    this.#lastBatch = segment.begin;
    this.#continued = false;
    for (let record = reader.at(segment.end); record !== undefined; record = reader.at(segment.end)) {
      this.#continued = record.kind === recordKinds.continued;
      if (this.#continued || segment.end === until) break;
      this.#apply(segment, record);
      this.#lastBatch = record.batch;
      segment.end = record.end;
    }
    segment.written = segment.end;
    if (until !== undefined && segment.end !== until)
      throw logDamaged(
        segment.path,
        `the record at offset ${segment.end} is damaged; the segment's records end at ${until}`,
        {
          offset: segment.end,
        },
      );
  }

  #apply(segment: Segment, record: FoundRecord): void {
    switch (record.kind) {
      case recordKinds.entry:
        this.#applyEntry(segment, record);
        return;
      case recordKinds.hardState:
        this.#hardState = decodeHardState(record.body);
        return;
      case recordKinds.mark:
        this.#mark = decodeMark(record.body);
        this.#table.dropThrough(this.#mark.index);
        return;
      case recordKinds.closed:
        return;
      default:
        throw refused(segment, `a record of unknown kind ${record.kind}`);
    }
  }

  #applyEntry(segment: Segment, { body, detail }: FoundRecord): void {
    const entry = entryFields(body);
    if (entry === undefined || entryKindOf(detail) === undefined) throw refused(segment, 'an entry of unknown form');
    const { index, term, data } = entry;
    if (index <= this.#mark.index || index > this.#table.last + 1)
      throw refused(segment, `entry ${index}, which can't follow ${this.#table.last}`);
    // Entries below belong to segments that compaction removed; the mark that allowed it comes later.
    if (index < this.#table.first) this.#table.clear(index);
    this.#table.add(index, term, segment, segment.end, data.length);
  }
}

const refused = (segment: Segment, what: string): Error =>
  logDamaged(segment.path, `at offset ${segment.end} there is ${what}`, { offset: segment.end });
