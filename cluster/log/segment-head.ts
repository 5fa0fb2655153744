import { basename } from 'node:path';
import { crc32c } from '@node-rs/crc32';
import type { DiskFile } from '../disk.js';
import { ClusterError } from '../errors.js';
import { logDamaged } from './failures.js';
import { RecordReader } from './record-reader.js';
import { decodeHead, formatVersion, type Head, magic, preambleBytes, recordKinds } from './records.js';
import { Segment, segmentName } from './segment.js';

const windowBytes = 4096;

/** Reads the beginning of a segment; refuses a damaged one and one of another format. */
export function readHead(path: string, file: DiskFile): { segment: Segment; head: Head } {
  checkPreamble(path, file);
  const record = new RecordReader(file, 0, windowBytes).at(preambleBytes);
  const head = record?.kind === recordKinds.head ? decoded(path, record.body) : undefined;
  if (record === undefined || head === undefined)
    throw logDamaged(path, `the head at offset ${preambleBytes} has a wrong checksum`, { offset: preambleBytes });
  if (segmentName(head.sequence) !== basename(path))
    throw logDamaged(path, `the head says that it is segment ${head.sequence}`);
  return { segment: Segment.found(path, head.sequence, record.checksum, record.end, file), head };
}

function checkPreamble(path: string, file: DiskFile): void {
  const read = file.readSync(0, preambleBytes);
  const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
  const whole = bytes.length === preambleBytes && bytes.readUInt32LE(12) === crc32c(bytes.subarray(0, 12));
  if (!whole || !bytes.subarray(0, magic.length).equals(magic))
    throw logDamaged(path, 'it does not begin as a segment of the log does', { offset: 0 });
  const version = bytes.readUInt32LE(magic.length);
  if (version === formatVersion) return;
  throw new ClusterError(
    'data-dir-refused',
    `${path} is in format version ${version} of the log, this program reads version ${formatVersion}`,
    { path, found: version, supported: formatVersion },
    { hint: 'start the member with the version of the program that wrote its data, or a later one' },
  );
}

function decoded(path: string, body: Uint8Array): Head {
  try {
    return decodeHead(body);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw logDamaged(path, `the head ends early: ${cause.message}`, { offset: preambleBytes });
    throw cause;
  }
}
