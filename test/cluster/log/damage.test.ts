import { join } from 'node:path';
import test from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import type { Log } from '../../../cluster/log/log.js';
import { encodePreamble } from '../../../cluster/log/records.js';
import type { Entry } from '../../../cluster/raft/types.js';
import type { SimulatedDisk } from '../../simulation/disk.js';
import {
  contents,
  entriesFrom,
  folder,
  identity,
  markAt,
  newDisk,
  newLog,
  reopened,
  smallSegments,
  stateAt,
} from './fixtures.js';

const segmentPath = (sequence: number): string => join(folder, `${String(sequence).padStart(16, '0')}.segment`);
const oneSegment = { ...smallSegments, segmentBytes: 1 << 16 };

const refusedCode = async (opening: Promise<Log>): Promise<string> => {
  try {
    await (await opening).close();
    return 'opened';
  } catch (error) {
    if (error instanceof ClusterError) return error.code;
    throw error;
  }
};

/** Appends entries one durable batch each; returns where the records of each begin. */
async function appendOneByOne(log: Log, disk: SimulatedDisk, entries: readonly Entry[]): Promise<number[]> {
  const offsets: number[] = [];
  for (const entry of entries) {
    const { length } = Buffer.from(disk.content(segmentPath(1)))
      .toString('latin1')
      .trimEnd()
      .replace(/\0+$/, '');
    offsets.push(length);
    await log.append([entry]);
  }
  return offsets;
}

test('a bad record that a later one proves to have been durable is refused with file, offset and hint', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk, oneSegment);
  const offsets = await appendOneByOne(log, disk, entriesFrom(1, 9, 1));
  disk.flip(segmentPath(1), (offsets[4] ?? 0) + 40, 3);
  const error = await t.throwsAsync(reopened(disk), { instanceOf: ClusterError });
  t.is(error.code, 'log-damaged');
  t.is(error.details.path, segmentPath(1));
  t.true(Number(error.details.offset) <= (offsets[4] ?? 0) + 40);
  t.true(Number(error.details.offset) > (offsets[3] ?? 0));
  t.regex(error.message, /offset \d+ is damaged/);
  t.regex(error.hint ?? '', /rebuilt from the others/);
});

test('a flip in the last batch of a log that crashed looks like a torn tail and takes that batch only', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk, oneSegment);
  const offsets = await appendOneByOne(log, disk, entriesFrom(1, 9, 1));
  disk.crash('lose');
  disk.flip(segmentPath(1), (offsets[7] ?? 0) + 40, 3);
  t.deepEqual(contents(await reopened(disk)), entriesFrom(1, 8, 1));
});

test('a flip in the last batch of a log that was closed is refused', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk, oneSegment);
  const offsets = await appendOneByOne(log, disk, entriesFrom(1, 9, 1));
  await log.close();
  disk.flip(segmentPath(1), (offsets[7] ?? 0) + 40, 3);
  t.is(await refusedCode(reopened(disk)), 'log-damaged');
});

test('every single flip in a closed log is refused or harmless', async (t) => {
  const disk = newDisk();
  const options = { ...smallSegments, segmentBytes: 1024 };
  const log = await newLog(disk, options);
  for (let from = 1; from < 22; from += 3) await log.append(entriesFrom(from, from + 3, 1, 60), stateAt(1, 7n, from));
  await log.compact(markAt(12, 1));
  await log.append(entriesFrom(22, 24, 2, 60), stateAt(2, 7n, 22));
  await log.close();
  const files = (await disk.list(folder)).map((name) => join(folder, name));
  t.true(files.length >= 3);
  let refused = 0;
  for (const path of files) {
    const before = disk.content(path);
    for (let offset = 0; offset < before.length; offset += 1) {
      const copy = newDisk(offset);
      for (const each of files) copy.place(each, disk.content(each));
      copy.flip(path, offset, offset % 8);
      const code = await refusedCode(reopened(copy, options));
      if (code !== 'opened') {
        t.is(code, 'log-damaged');
        refused += 1;
        continue;
      }
      const again = await reopened(copy, options);
      t.deepEqual(contents(again), [...entriesFrom(13, 22, 1, 60), ...entriesFrom(22, 24, 2, 60)], `${path} ${offset}`);
      t.deepEqual(again.hardState(), stateAt(2, 7n, 22));
      t.deepEqual(again.identity, identity);
      await again.close();
    }
  }
  t.true(refused > 1000, `${refused} flips were refused`);
});

test('bytes after the end that nobody vouches for are wiped, so that they never come back', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk, oneSegment);
  const offsets = await appendOneByOne(log, disk, entriesFrom(1, 9, 1));
  disk.crash('lose');
  disk.flip(segmentPath(1), (offsets[7] ?? 0) + 40, 3);
  const again = await reopened(disk, oneSegment);
  t.true(
    disk
      .content(segmentPath(1))
      .subarray((offsets[7] ?? 0) + 8)
      .every((byte) => byte === 0),
  );
  await again.append(entriesFrom(8, 10, 2));
  await again.close();
  t.deepEqual(contents(await reopened(disk)), [...entriesFrom(1, 8, 1), ...entriesFrom(8, 10, 2)]);
});

for (const [what, pick] of [
  ['first', 0],
  ['middle', 2],
  ['last', -1],
] as const)
  test(`a log whose ${what} segment is missing is refused with its name`, async (t) => {
    const disk = newDisk();
    const log = await newLog(disk);
    await log.append(entriesFrom(1, 200, 1));
    await log.close();
    const missing = (await disk.list(folder)).at(pick) ?? '';
    await disk.remove(join(folder, missing));
    const error = await t.throwsAsync(reopened(disk), { instanceOf: ClusterError });
    t.is(error.code, 'log-damaged');
    t.is(error.details.path, join(folder, missing));
    t.regex(error.message, /missing/);
  });

test('a segment that a crash left without the note that another follows gets it at the next start', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  await log.append(entriesFrom(1, 50, 1));
  await log.close();
  disk.flip(
    segmentPath(1),
    disk.content(segmentPath(1)).findLastIndex((byte) => byte !== 0),
    0,
  );
  await (await reopened(disk)).close();
  await disk.remove(segmentPath(2));
  const error = await t.throwsAsync(reopened(disk), { instanceOf: ClusterError });
  t.is(error.details.path, segmentPath(2));
});

test('a segment under the name of another is refused', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  await log.append(entriesFrom(1, 20, 1));
  await log.close();
  await disk.rename(segmentPath(1), segmentPath(5));
  t.is(await refusedCode(reopened(disk)), 'log-damaged');
});

test('a log in a later format is refused with both versions', async (t) => {
  const disk = newDisk();
  await (await newLog(disk)).close();
  const bytes = disk.content(segmentPath(1));
  bytes.set(encodePreamble(2));
  disk.place(segmentPath(1), bytes);
  const error = await t.throwsAsync(reopened(disk), { instanceOf: ClusterError });
  t.is(error.code, 'data-dir-refused');
  t.like(error.details, { found: 2, supported: 1 });
  t.regex(error.message, /version 2 .* version 1/);
});

test('an entry that can no longer be read from the disk is not handed out', async (t) => {
  const disk = newDisk();
  const options = { ...oneSegment, cacheBytes: 0 };
  const log = await newLog(disk, options);
  await log.append(entriesFrom(1, 9, 1));
  disk.flip(segmentPath(1), 600, 0);
  const error = t.throws(() => contents(log), { instanceOf: ClusterError });
  t.is(error.code, 'log-damaged');
});

for (const [action, systemCode, code] of [
  ['write', 'ENOSPC', 'disk-full'],
  ['write', 'EIO', 'log-damaged'],
  ['sync', 'ENOSPC', 'disk-full'],
  ['sync', 'EIO', 'log-damaged'],
] as const)
  test(`a ${action} that fails with ${systemCode} is ${code}, and nothing is taken afterwards`, async (t) => {
    const disk = newDisk();
    const log = await newLog(disk);
    await log.append(entriesFrom(1, 3, 1));
    disk.failNext(action, systemCode);
    const error = await t.throwsAsync(log.append(entriesFrom(3, 5, 1)), { instanceOf: ClusterError });
    t.is(error.code, code);
    t.like(error.details, { path: segmentPath(1), errno: systemCode });
    t.true(Number(error.details.bytes) > 0);
    const state = stateAt(1, 0n, 3);
    for (const later of [log.append([], state), log.compact(markAt(2, 1)), log.reset(markAt(9, 1), state)])
      t.is(await t.throwsAsync(later), error);
    await log.close();
    disk.crash('keep');
    t.deepEqual(contents(await reopened(disk)).slice(0, 2), entriesFrom(1, 3, 1));
  });

test('a disk that fills up stops the log, and what was acknowledged is there when room was made', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  disk.limit(64 << 10);
  let acknowledged = 0;
  const fill = async (): Promise<void> => {
    for (;;) {
      await log.append(entriesFrom(acknowledged + 1, acknowledged + 6, 1));
      acknowledged += 5;
    }
  };
  const error = await t.throwsAsync(fill(), { instanceOf: ClusterError });
  t.is(error.code, 'disk-full');
  t.true(acknowledged > 200);
  await log.close();
  disk.crash('lose');
  disk.limit(Number.POSITIVE_INFINITY);
  t.deepEqual(contents(await reopened(disk)).slice(0, acknowledged), entriesFrom(1, acknowledged + 1, 1));
});
