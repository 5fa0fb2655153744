import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { Log } from '../../../cluster/log/log.js';
import { nodeDisk } from '../../../cluster/log/node-disk.js';
import { index as toIndex } from '../../../cluster/numbers.js';
import { contents, entriesFrom, entryAt, identity, markAt, smallSegments, stateAt } from './fixtures.js';

async function newFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-log-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return join(folder, 'member', 'log');
}

const create = (folder: string, options = smallSegments): Promise<Log> =>
  Log.create(nodeDisk, folder, identity, markAt(0, 0), options);

test('a log on the real disk survives restarts, overwriting, compaction and a reset', async (t) => {
  const folder = await newFolder(t);
  t.false(await Log.exists(nodeDisk, folder));
  let log = await create(folder);
  const reopen = async (): Promise<void> => {
    await log.close();
    log = await Log.open(nodeDisk, folder, smallSegments);
  };
  await log.append(entriesFrom(1, 300, 1), stateAt(1, 7n, 200));
  await log.append(entriesFrom(250, 260, 2), stateAt(2, 7n, 240));
  await reopen();
  t.deepEqual(contents(log), [...entriesFrom(1, 250, 1), ...entriesFrom(250, 260, 2)]);
  await log.compact(markAt(200, 1));
  await reopen();
  t.deepEqual(contents(log), [...entriesFrom(201, 250, 1), ...entriesFrom(250, 260, 2)]);
  t.deepEqual(log.hardState(), stateAt(2, 7n, 240));
  await log.reset(markAt(900, 3), stateAt(3, 0n, 900));
  await log.append(entriesFrom(901, 905, 3));
  await reopen();
  t.deepEqual(contents(log), entriesFrom(901, 905, 3));
  t.is((await nodeDisk.list(folder)).length, 1);
  await log.close();
});

test('files and folders are for their owner only', async (t) => {
  const folder = await newFolder(t);
  await (await create(folder)).close();
  const [name = ''] = await nodeDisk.list(folder);
  t.is((await stat(folder)).mode & 0o777, 0o700);
  t.is((await stat(join(folder, name))).mode & 0o777, 0o600);
});

test('entries of 16 MiB are kept, among small ones', async (t) => {
  const folder = await newFolder(t);
  const log = await create(folder, {});
  const large = (index: number) => entryAt(index, 1, Buffer.alloc(16 << 20, index));
  const entries = [entryAt(1, 1), large(2), large(3), large(4), large(5), entryAt(6, 1)];
  await log.append(entries);
  await log.close();
  const again = await Log.open(nodeDisk, folder);
  t.is(again.lastIndex(), toIndex(6));
  t.true(again.segments > 1);
  for (const { index, data } of contents(again)) t.true(Buffer.compare(data, entries[index - 1]?.data ?? data) === 0);
  t.is(again.entries(toIndex(2), toIndex(7), 1 << 20)?.length, 1);
  await again.close();
});

test('a process that is killed while it appends loses nothing that was acknowledged', async (t) => {
  const folder = await newFolder(t);
  await (await create(folder)).close();
  for (let round = 1; round <= 4; round += 1) {
    const appender = fileURLToPath(new URL('appender.js', import.meta.url));
    const child = spawn(process.execPath, [appender, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    let acknowledged = 0;
    let lines = 0;
    for await (const line of createInterface(child.stdout)) {
      acknowledged = Math.max(acknowledged, Number(line));
      lines += 1;
      if (lines === round * 150) child.kill('SIGKILL');
    }
    await exited;
    const log = await Log.open(nodeDisk, folder, smallSegments);
    t.true(acknowledged >= round * 150);
    t.true(log.lastIndex() >= acknowledged, `${log.lastIndex()} of ${acknowledged}`);
    t.true(log.hardState().commit >= acknowledged);
    for (const { index, data } of contents(log))
      t.true(data.length === 200 && data.every((byte) => byte === index % 256));
    await log.close();
  }
});

test('a file system that is full stops the log with disk-full, and what was acknowledged stays', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-log-'));
  t.teardown(() => rm(folder, { recursive: true }));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    t.log('left out: a file system can not be mounted here');
    t.not(process.env.QUORATE_JUDGES, 'required', 'this check is demanded, and mounting is not permitted');
    return;
  }
  try {
    const inside = join(folder, 'log');
    const log = await create(inside, {});
    let acknowledged = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        await log.append(entriesFrom(acknowledged + 1, acknowledged + 11, 1, 1000));
        acknowledged += 10;
      }
    };
    const error = await t.throwsAsync(fill(), { instanceOf: ClusterError });
    t.is(error.code, 'disk-full');
    t.like(error.details, { errno: 'ENOSPC' });
    t.true(String(error.details.path).startsWith(inside));
    t.regex(error.message, /no space left .* \d+ bytes/);
    t.true(acknowledged > 1000);
    await log.close();
    const again = await Log.open(nodeDisk, inside);
    t.deepEqual(contents(again).slice(0, acknowledged), entriesFrom(1, acknowledged + 1, 1, 1000));
    await again.close();
  } finally {
    execFileSync('umount', [folder]);
  }
});
