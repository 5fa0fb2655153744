import { join } from 'node:path';
import type { Disk, DiskFile } from '../disk.js';
import { ClusterError } from '../errors.js';
import type { Content } from './creation.js';
import { attempt, logDamaged } from './failures.js';
import type { Head } from './records.js';
import { Replay } from './replay.js';
import { preparingName, type Segment, segmentName, sequenceOf } from './segment.js';
import { readHead } from './segment-head.js';
import { noteContinuation, settleTail } from './tail.js';

export interface Recovered {
  readonly content: Content;
  /** Files from before the log was begun anew, in order. */
  readonly obsolete: readonly string[];
}

interface Piece {
  readonly segment: Segment;
  readonly head: Head;
}

/** Reads a log back. Refuses one that is damaged or lacks a segment; cuts off a torn tail (tail.ts says what that is). */
export async function recover(disk: Disk, folder: string): Promise<Recovered> {
  const names = await disk.list(folder);
  // A process that was killed may have left renames and removals that are visible but not yet durable.
  if (names.length > 0) await disk.syncFolder(folder);
  if (names.includes(preparingName)) await disk.remove(join(folder, preparingName));
  const paths = names.filter((name) => sequenceOf(name) !== undefined).map((name) => join(folder, name));
  const files: DiskFile[] = [];
  try {
    const pieces = await readHeads(disk, paths, files);
    return { content: await recoverContent(folder, pieces), obsolete: paths.slice(0, paths.length - pieces.length) };
  } catch (error) {
    await Promise.allSettled(files.map((file) => file.close()));
    throw error;
  }
}

/** From the newest segment back to the one in which the log began anew, or to the oldest that compaction left. */
async function readHeads(disk: Disk, paths: readonly string[], files: DiskFile[]): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const path of paths.toReversed()) {
    const next = pieces[0]?.head;
    if (next?.anew) break;
    const file = await attempt(path, 'opening', 0, () => disk.open(path, { create: false }));
    files.push(file);
    const piece = readHead(path, file);
    if (next !== undefined && next.sequence !== piece.head.sequence + 1)
      throw segmentMissing(join(path, '..'), next.sequence - 1);
    pieces.unshift(piece);
  }
  return pieces;
}

async function recoverContent(folder: string, pieces: readonly Piece[]): Promise<Content> {
  const [first, last, before] = [pieces[0], pieces.at(-1), pieces.at(-2)];
  if (first === undefined || last === undefined)
    throw new ClusterError('data-dir-refused', `${folder} holds no log`, { folder });
  const replay = new Replay(first.head);
  let noted = true;
  for (const [place, { segment, head }] of pieces.entries()) {
    noted = replay.continued;
    replay.run(segment, head, pieces[place + 1]?.head.previousEnd);
  }
  if (replay.continued) throw segmentMissing(folder, last.segment.sequence + 1);
  if (replay.mark.index < replay.table.first - 1) throw segmentMissing(folder, first.segment.sequence - 1);
  replay.table.dropThrough(replay.mark.index);
  await settleTail(last.segment, replay.lastBatch);
  if (before !== undefined && !noted) await noteContinuation(before.segment);
  const { identity, hardState, mark, table } = replay;
  return { identity, hardState, mark, table, segments: pieces.map(({ segment }) => segment), current: last.segment };
}

const segmentMissing = (folder: string, sequence: number): ClusterError =>
  logDamaged(join(folder, segmentName(sequence)), 'the segment is missing', { sequence });
