import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, open, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import type { ClusterError } from '../../../cluster/errors.js';
import { index } from '../../../cluster/numbers.js';
import { openBackendRows, openRoot } from '../../../cluster/store/data-file.js';
import { Backend } from '../../../cluster/store/index.js';
import { freshFolder, openBackend } from './folder.js';
import { killAfter } from './killing.js';
import { rowCount, rowKey } from './writer.js';

const run = promisify(execFile);
const bytes = (text: string): Buffer => Buffer.from(text);
const textOf = (row: Uint8Array | undefined): string | undefined => row && Buffer.from(row).toString();

test('reads see each layer: applied, on its way to the disk, and committed', async (t) => {
  const backend = await openBackend(t, join(await freshFolder(t), 'state.mdb'));
  const table = backend.table('rows');
  const rows = (reverse = false): string =>
    [...table.range({ reverse })].map(([key, value]) => `${textOf(key)}=${textOf(value)}`).join(' ');
  const write = (entry: number, changes: Record<string, string | null>): void =>
    backend.transact(index(entry), () => {
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) table.delete(bytes(key));
        else table.put(bytes(key), bytes(value));
      }
    });

  write(1, { a: '1', b: '1', c: '1', e: '' });
  await backend.commit();
  write(2, { b: null, c: '2', d: '2' });
  const commit = backend.commit();
  write(3, { a: null, b: '3', d: null, f: '3' });
  const expected = 'b=3 c=2 e= f=3';
  t.is(rows(), expected);
  t.is(table.count?.(), 4);
  t.is(backend.durableIndex, index(1));
  await commit;
  t.is(backend.durableIndex, index(2));
  t.is(rows(), expected);
  t.is(rows(true), expected.split(' ').reverse().join(' '));
  t.is(table.count?.({ from: bytes('b'), to: bytes('e') }), 2);
  t.true(backend.pendingBytes > 0);
  await backend.commit();
  t.is(rows(), expected);
  t.is(table.count?.({ from: bytes('c') }), 3);
  t.is(backend.pendingBytes, 0);
  t.deepEqual([...table.range({ from: bytes('c'), to: bytes('c') })], []);
  t.deepEqual(
    [...table.range({ from: bytes('c'), to: bytes('f'), reverse: true })].map(([key]) => textOf(key)),
    ['e', 'c'],
  );
});

test('counts are right at every moment of a commit', async (t) => {
  const backend = await openBackend(t, join(await freshFolder(t), 'state.mdb'));
  const table = backend.table('rows');
  for (let round = 1; round <= 10; round++) {
    backend.transact(index(round), () => {
      for (let n = 0; n < 300; n++) table.put(bytes(`${round}/${n}`), bytes('x'));
      for (let n = 0; n < 100; n++) table.delete(bytes(`${round - 1}/${n}`));
    });
    const expected = round * 300 - (round - 1) * 100;
    let over = false;
    const commit = backend.commit().then(() => {
      over = true;
    });
    while (!over) {
      t.is(table.count?.(), expected);
      await new Promise(setImmediate);
    }
    await commit;
    t.is(table.count?.(), expected);
  }
});

test('a change that throws before its first write leaves everything as it was', async (t) => {
  const backend = await openBackend(t, join(await freshFolder(t), 'state.mdb'));
  t.throws(() => backend.transact(index(1), () => raise('refused')), { message: 'refused' });
  t.is(backend.appliedIndex, index(0));
  backend.transact(index(1), () => backend.table('rows').put(bytes('a'), bytes('1')));
  await t.notThrowsAsync(backend.commit());
});

test('a change that throws halfway is never committed', async (t) => {
  const path = join(await freshFolder(t), 'state.mdb');
  const backend = await Backend.open({ path });
  const table = backend.table('rows');
  backend.transact(index(1), () => table.put(bytes('a'), bytes('1')));
  await backend.commit();
  const halfway = (): never => {
    table.put(bytes('a'), bytes('half'));
    return raise('a bug');
  };
  t.throws(() => backend.transact(index(2), halfway), { message: 'a bug' });
  await t.throwsAsync(backend.commit(), { message: /can't be used any more.*a bug/ });
  t.throws(() => backend.transact(index(3), () => 0), { message: /can't be used any more/ });
  await backend.close();
  const again = await openBackend(t, path);
  t.is(textOf(again.table('rows').get(bytes('a'))), '1');
  t.is(again.appliedIndex, index(1));
});

test('a write outside of a transaction is refused', async (t) => {
  const backend = await openBackend(t, join(await freshFolder(t), 'state.mdb'));
  t.throws(() => backend.table('rows').put(bytes('a'), bytes('1')), { message: /outside of a transaction/ });
});

test('a process killed at any moment leaves whole entries, and all that it called durable', async (t) => {
  const path = join(await freshFolder(t), 'state.mdb');
  const writer = fileURLToPath(new URL('./writer.js', import.meta.url));
  for (let life = 0; life < 10; life++) {
    const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const durable = await killAfter(child, 2 + life, life * 3);
    const backend = await Backend.open({ path });
    t.true(backend.appliedIndex >= durable, `${backend.appliedIndex} after ${durable} was durable`);
    const table = backend.table('rows');
    for (let row = 0; row < rowCount; row++) {
      t.is(textOf(table.get(rowKey(row)))?.split('/')[0], String(backend.appliedIndex));
    }
    await backend.close();
  }
});

test('a snapshot installs as the state of its index, while the original went on', async (t) => {
  const folder = await freshFolder(t);
  const path = join(folder, 'state.mdb');
  const backend = await openBackend(t, path);
  const table = backend.table('rows');
  for (let entry = 1; entry <= 50; entry++) {
    backend.transact(index(entry), () => table.put(bytes(`key ${entry}`), Buffer.alloc(10_000, entry)));
  }
  const snapshot = join(folder, 'snapshot.mdb');
  const written = backend.writeSnapshot(snapshot);
  backend.transact(index(51), () => table.delete(bytes('key 1')));
  const { index: at } = await written;
  t.true(at === index(50) || at === index(51));
  t.is((await stat(snapshot)).mode & 0o077, 0);

  const other = join(folder, 'other.mdb');
  const follower = await Backend.open({ path: other });
  follower.transact(index(7), () => follower.table('rows').put(bytes('old'), bytes('x')));
  await follower.commit();
  await follower.close();
  t.is(await Backend.install(other, snapshot), at);
  const installed = await openBackend(t, other);
  t.is(installed.appliedIndex, at);
  t.is(installed.durableIndex, at);
  t.is(installed.table('rows').get(bytes('old')), undefined);
  t.is(installed.table('rows').get(bytes('key 50'))?.length, 10_000);
  t.deepEqual((await readdir(folder)).sort(), ['other.mdb', 'other.mdb-lock', 'state.mdb', 'state.mdb-lock']);
});

test('a view is of the tables that there were: one that is made later is empty in it', async (t) => {
  const backend = await openBackend(t, join(await freshFolder(t), 'state.mdb'));
  const write = (entry: number, table: string): void =>
    backend.transact(index(entry), () => backend.table(table).put(bytes('key'), bytes(`${entry}`)));
  write(1, 'before');
  const view = await backend.view();
  write(2, 'before');
  write(2, 'later');
  await backend.commit();
  t.deepEqual(view.table('before').get(bytes('key')), bytes('1'));
  t.is(view.table('later').get(bytes('key')), undefined);
  t.deepEqual([...view.table('later').range()], []);
  view.close();
});

test('a copy of the file after an inline commit is the state of that commit', async (t) => {
  const folder = await freshFolder(t);
  const backend = await openBackend(t, join(folder, 'state.mdb'), true);
  const put = (entry: number): void =>
    backend.transact(index(entry), () => backend.table('rows').put(bytes('a'), bytes(`${entry}`)));
  put(1);
  void backend.commit();
  await copyFile(backend.path, join(folder, 'image.mdb'));
  put(2);
  await backend.commit();
  const image = await openBackend(t, join(folder, 'image.mdb'), true);
  t.is(image.appliedIndex, index(1));
  t.is(textOf(image.table('rows').get(bytes('a'))), '1');
});

for (const [what, content] of [
  ['text', Buffer.from('not a database\n'.repeat(1000))],
  ['noise', Buffer.from(Array.from({ length: 20_000 }, (_, n) => (n * 7919) & 0xff))],
  ['a few bytes', Buffer.from('short')],
] as const) {
  test(`a data file of ${what} is refused as damaged`, async (t) => {
    const path = join(await freshFolder(t), 'state.mdb');
    await writeFile(path, content);
    const error = await t.throwsAsync<ClusterError>(Backend.open({ path }), { code: 'store-damaged' });
    t.is(error.details.path, path);
    t.truthy(error.hint);
  });
}

async function filledFile(path: string): Promise<number> {
  const backend = await Backend.open({ path });
  backend.transact(index(1), () => {
    for (let n = 0; n < 2000; n++) backend.table('rows').put(bytes(`key ${n}`), Buffer.alloc(300, 1));
  });
  await backend.commit();
  await backend.close();
  return (await stat(path)).size;
}

test('a data file that lost its end is refused as damaged, and so is such a snapshot', async (t) => {
  const path = join(await freshFolder(t), 'state.mdb');
  const size = await filledFile(path);
  await truncate(path, Math.floor(size / 2));
  await t.throwsAsync(Backend.install(`${path}.other`, path), { code: 'store-damaged' });
  await t.throwsAsync(Backend.open({ path }), { code: 'store-damaged' });
});

test('a file whose rows another version wrote is refused, also as a snapshot', async (t) => {
  const folder = await freshFolder(t);
  const [path, snapshot] = [join(folder, 'state.mdb'), join(folder, 'snapshot.mdb')];
  const root = openRoot(path);
  // As it was before there was a format.
  await openBackendRows(root).put(bytes('appliedIndex'), Buffer.alloc(8, 1));
  await root.close();
  await copyFile(path, snapshot);
  const refusal = { code: 'store-damaged', message: /format 0/ };
  await t.throwsAsync(Backend.open({ path }), refusal);
  await t.throwsAsync(Backend.install(path, snapshot), refusal);
});

test('a snapshot that is missing or no store is refused, and the store stays', async (t) => {
  const folder = await freshFolder(t);
  const path = join(folder, 'state.mdb');
  await filledFile(path);
  await t.throwsAsync(Backend.install(path, join(folder, 'none.mdb')), { code: 'store-damaged' });
  await writeFile(join(folder, 'bad.mdb'), 'bad');
  await t.throwsAsync(Backend.install(path, join(folder, 'bad.mdb')), { code: 'store-damaged' });
  t.is((await openBackend(t, path)).appliedIndex, index(1));
});

test('a full disk fails the commit and loses nothing: the next one brings it all', async (t) => {
  const folder = join(await freshFolder(t), 'small');
  await mkdir(folder);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  } catch {
    t.log('needs the right to mount a small file system');
    t.not(process.env.QUORATE_JUDGES, 'required', 'this check is demanded, and mounting is not permitted');
    return;
  }
  t.teardown(() => run('umount', ['-l', folder]));
  const path = join(folder, 'state.mdb');
  const ballast = await open(join(folder, 'ballast'), 'w');
  await ballast.write(Buffer.alloc(2_500_000));
  const backend = await openBackend(t, path);
  const table = backend.table('rows');
  const fill = (entry: number): void =>
    backend.transact(index(entry), () => {
      for (let n = 0; n < 100; n++) table.put(bytes(`${entry}/${n}`), Buffer.alloc(1000, entry));
    });
  let entry = 0;
  const failed = await t.throwsAsync<ClusterError>(
    async () => {
      while (entry < 40) {
        fill(++entry);
        await backend.commit();
      }
    },
    { code: 'disk-full' },
  );
  t.is(failed.details.path, path);
  t.is(backend.durableIndex, index(entry - 1));
  fill(++entry);
  await t.throwsAsync(backend.commit(), { code: 'disk-full' });
  t.is(table.count?.(), entry * 100);
  await ballast.truncate(0);
  await ballast.close();
  await backend.commit();
  t.is(backend.durableIndex, index(entry));
  t.is(table.count?.(), entry * 100);
  await backend.close();
  const again = await Backend.open({ path });
  t.is(again.appliedIndex, index(entry));
  t.is(again.table('rows').get(bytes(`${entry - 1}/99`))?.[0], entry - 1);
  await again.close();
});

function raise(message: string): never {
  throw new Error(message);
}
