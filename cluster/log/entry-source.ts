import type { Entry } from '../raft/types.js';
import type { EntryCache } from './entry-cache.js';
import type { EntryTable } from './entry-table.js';
import { logDamaged } from './failures.js';
import { entryFields, RecordReader } from './record-reader.js';
import { entryKindOf, entryRecordBytes } from './records.js';

const windowBytesMax = 1 << 20;

/** Entries `from` … `to` - 1, which the table must hold: from the cache, else from their files in large reads. */
export function readEntries(table: EntryTable, cache: EntryCache, from: number, to: number): Entry[] {
  const entries: Entry[] = [];
  for (let index = from; index < to; index += 1) {
    const cached = cache.get(index);
    if (cached !== undefined) entries.push(cached);
    else index = readRun(table, cache, index, to, entries);
  }
  return entries;
}

/** Reads on until an entry is in another segment or in the cache; returns the last index that was read. */
function readRun(table: EntryTable, cache: EntryCache, from: number, to: number, entries: Entry[]): number {
  const segment = table.segment(from);
  let end = from + 1;
  let bytes = entryRecordBytes(table.length(from));
  for (; end < to && bytes < windowBytesMax; end += 1) {
    if (table.segment(end) !== segment || cache.get(end) !== undefined) break;
    bytes += entryRecordBytes(table.length(end));
  }
  const reader = new RecordReader(segment.file, segment.salt, bytes);
  for (let index = from; index < end; index += 1) {
    const offset = table.offset(index);
    const record = reader.at(offset);
    const fields = record && entryFields(record.body);
    const kind = record && entryKindOf(record.detail);
    if (fields?.index !== index || fields.term !== table.term(index) || kind === undefined)
      throw logDamaged(segment.path, `entry ${index}, at offset ${offset}, can no longer be read`, { offset, index });
    // As raft makes its entries: fields in the same order keep them one shape for V8.
    entries.push({ index: fields.index, term: fields.term, kind, data: fields.data });
  }
  return end - 1;
}
