import test from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { Log } from '../../../cluster/log/log.js';
import { index as toIndex, term as toTerm } from '../../../cluster/numbers.js';
import {
  contents,
  entriesFrom,
  entryAt,
  folder,
  identity,
  markAt,
  newDisk,
  newLog,
  reopened,
  smallSegments,
  stateAt,
} from './fixtures.js';

test('a new log is empty after its mark and keeps the identity it was given', async (t) => {
  const disk = newDisk();
  t.false(await Log.exists(disk, folder));
  await (await Log.create(disk, folder, identity, markAt(7, 2), smallSegments)).close();
  t.true(await Log.exists(disk, folder));
  const log = await reopened(disk);
  t.deepEqual(log.identity, identity);
  t.deepEqual(log.mark(), markAt(7, 2));
  t.is(log.firstIndex(), toIndex(8));
  t.is(log.lastIndex(), toIndex(7));
  t.is(log.term(toIndex(7)), toTerm(2));
  t.is(log.term(toIndex(8)), undefined);
  t.deepEqual(log.hardState(), stateAt(2, 0n, 7));
});

test('a second log is not created over a first one', async (t) => {
  const disk = newDisk();
  await newLog(disk);
  const error = await t.throwsAsync(newLog(disk), { instanceOf: ClusterError });
  t.is(error.code, 'data-dir-refused');
});

test('a folder without a log is refused', async (t) => {
  const error = await t.throwsAsync(reopened(newDisk()), { instanceOf: ClusterError });
  t.is(error.code, 'data-dir-refused');
});

test('entries can be read at once and are the same after a restart, with every kind and size', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  const entries = [
    entryAt(1, 1, '', 'empty'),
    entryAt(2, 1, 'configuration', 'membership'),
    entryAt(3, 2 ** 40, Buffer.alloc(3000, 3)),
    entryAt(4, 2 ** 40, Buffer.alloc(30_000, 4)),
    entryAt(5, 2 ** 40, 'small again'),
  ];
  const durable = log.append(entries, stateAt(2 ** 40, 2n ** 64n - 1n, 4));
  t.deepEqual(contents(log), entries);
  await durable;
  t.deepEqual(contents(log), entries);
  await log.close();
  const again = await reopened(disk);
  t.deepEqual(contents(again), entries);
  t.deepEqual(again.hardState(), stateAt(2 ** 40, 2n ** 64n - 1n, 4));
  t.deepEqual(
    [1, 2, 3, 4, 5, 6].map((index) => again.term(toIndex(index))),
    [...entries.map(({ term }) => term), undefined],
  );
});

test('an entry that exists is replaced together with all that follow it', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  await log.append(entriesFrom(1, 80, 1));
  await log.append(entriesFrom(20, 30, 2));
  const expected = [...entriesFrom(1, 20, 1), ...entriesFrom(20, 30, 2)];
  t.deepEqual(contents(log), expected);
  await log.close();
  const again = await reopened(disk);
  t.deepEqual(contents(again), expected);
  t.is(again.term(toIndex(30)), undefined);
});

test('an entry that is replaced before it is on the disk is never read from there', async (t) => {
  const log = await newLog(newDisk(), { ...smallSegments, cacheBytes: 0 });
  const first = log.append(entriesFrom(1, 40, 1));
  await Promise.resolve();
  await Promise.resolve();
  const second = log.append(entriesFrom(10, 20, 2));
  const expected = [...entriesFrom(1, 10, 1), ...entriesFrom(10, 20, 2)];
  await first;
  t.deepEqual(contents(log), expected);
  await second;
  t.deepEqual(contents(log), expected);
});

test('entries are cut off after the given number of bytes, but there is always one', async (t) => {
  const log = await newLog(newDisk());
  await log.append(entriesFrom(1, 40, 1));
  const count = (from: number, to: number, bytes: number) => log.entries(toIndex(from), toIndex(to), bytes)?.length;
  t.is(count(1, 40, 1000), 10);
  t.is(count(1, 40, 1099), 10);
  t.is(count(1, 40, 0), 1);
  t.is(count(30, 1000, 10_000), 10);
  t.is(count(5, 5, 1000), 0);
  t.is(count(40, 50, 1000), 0);
});

test('promises resolve in the order of the calls, and an append of nothing waits for all before it', async (t) => {
  const log = await newLog(newDisk());
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 50 }, (_, place) => {
      const entries = place === 49 ? [] : entriesFrom(place + 1, place + 2, 1);
      return log.append(entries).then(() => order.push(place));
    }),
  );
  t.deepEqual(
    order,
    Array.from({ length: 50 }, (_, place) => place),
  );
});

test('all that waits shares one sync', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk, {});
  const before = disk.actions;
  await Promise.all(Array.from({ length: 100 }, (_, place) => log.append(entriesFrom(place + 1, place + 2, 1))));
  t.true(disk.actions - before <= 3, `${disk.actions - before} writes and syncs`);
});

test('compaction forgets entries, knows the term at its mark and removes whole segments', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  await log.append(entriesFrom(1, 200, 3));
  const before = log.segments;
  await log.compact(markAt(150, 3));
  t.true(log.segments < before);
  t.is((await disk.list(folder)).length, log.segments);
  const check = (each: Log) => {
    t.deepEqual(each.mark(), markAt(150, 3));
    t.is(each.firstIndex(), toIndex(151));
    t.is(each.term(toIndex(150)), toTerm(3));
    t.is(each.term(toIndex(149)), undefined);
    t.is(each.entries(toIndex(150), toIndex(152), 1000), undefined);
    t.deepEqual(contents(each), entriesFrom(151, 200, 3));
  };
  check(log);
  await log.close();
  check(await reopened(disk));
});

test('a log whose entries are all compacted goes on after its mark', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  await log.append(entriesFrom(1, 100, 1), stateAt(1, 7n, 99));
  await log.compact(markAt(99, 1));
  t.is(log.segments, 1);
  await log.append(entriesFrom(100, 110, 2));
  await log.close();
  const again = await reopened(disk);
  t.deepEqual(contents(again), entriesFrom(100, 110, 2));
  t.deepEqual(again.identity, identity);
  t.deepEqual(again.hardState(), { ...stateAt(2, 0n, 99) });
});

test('a mark that the log is past already changes nothing', async (t) => {
  const log = await newLog(newDisk());
  await log.append(entriesFrom(1, 20, 1));
  await log.compact(markAt(10, 1));
  await log.compact(markAt(5, 1));
  t.is(log.firstIndex(), toIndex(11));
});

test('a reset leaves the log empty after the mark, in one segment', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  const unfinished = log.append(entriesFrom(1, 100, 1));
  await log.reset(markAt(500, 4), stateAt(4, 9n, 500));
  await unfinished;
  t.is(log.segments, 1);
  t.is(log.firstIndex(), toIndex(501));
  await log.append(entriesFrom(501, 510, 4));
  await log.close();
  t.is((await disk.list(folder)).length, 1);
  const again = await reopened(disk);
  t.deepEqual(again.mark(), markAt(500, 4));
  t.deepEqual(contents(again), entriesFrom(501, 510, 4));
  t.deepEqual(again.hardState(), stateAt(4, 9n, 500));
});

test('entries without the hard state they came with raise the term, with no vote in it', async (t) => {
  const disk = newDisk();
  const log = await newLog(disk);
  await log.append([], stateAt(3, 7n, 0));
  await log.append(entriesFrom(1, 3, 5));
  await log.close();
  t.deepEqual((await reopened(disk)).hardState(), stateAt(5, 0n, 0));
});

test('a closed log refuses everything', async (t) => {
  const log = await newLog(newDisk());
  await log.close();
  for (const attempt of [log.append([]), log.compact(markAt(1, 1)), log.reset(markAt(1, 1), stateAt(1, 0n, 1))]) {
    const error = await t.throwsAsync(attempt, { instanceOf: ClusterError });
    t.is(error.code, 'stopped');
  }
});
