import { spawn } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { index } from '../../../cluster/numbers.js';
import { Backend } from '../../../cluster/store/index.js';
import { freshFolder, openBackend } from './folder.js';
import { killAfter } from './killing.js';
import { rowCount, rowKey } from './writer.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const entryOf = (row: Uint8Array | undefined): string | undefined =>
  row && Buffer.from(row).toString('latin1').split('/')[0];

/** 4 MB of rows, of which a tenth is left. */
async function fragmented(t: ExecutionContext) {
  const folder = await freshFolder(t);
  const backend = await openBackend(t, join(folder, 'state.mdb'));
  const table = backend.table('rows');
  const write = (entry: number, change: () => void): void => backend.transact(index(entry), change);
  write(1, () => {
    for (let row = 0; row < 1000; row++) table.put(bytes(`row ${row}`), Buffer.alloc(4000, row));
  });
  await backend.commit();
  write(2, () => {
    for (let row = 0; row < 1000; row++) if (row % 10 !== 0) table.delete(bytes(`row ${row}`));
  });
  await backend.commit();
  return { folder, backend, table, write };
}

test('the file shrinks to what is in use, and its rows stay', async (t) => {
  const { backend, table, folder } = await fragmented(t);
  const before = backend.size;
  t.true(before > 5 * backend.sizeInUse);
  await backend.defragment();
  t.true(backend.size < before / 5, `${backend.size} of ${before}`);
  t.true((await stat(backend.path)).size < before / 5);
  t.is((await stat(backend.path)).mode & 0o077, 0);
  t.is([...table.range()].length, 100);
  t.deepEqual(table.get(bytes('row 990')), Buffer.alloc(4000, 990));
  await backend.close();
  t.deepEqual(
    (await readdir(folder)).filter((name) => name !== 'state.mdb-lock'),
    ['state.mdb'],
  );
  const again = await openBackend(t, backend.path);
  t.is(again.appliedIndex, index(2));
  t.is([...again.table('rows').range()].length, 100);
});

test('what is written and read while the file is copied is there before, while and after it takes the place', async (t) => {
  const { backend, table, write } = await fragmented(t);
  const compacting = backend.defragment();
  let entry = 3;
  let done = false;
  void compacting.then(() => {
    done = true;
  });
  while (!done) {
    write(entry, () => table.put(bytes('row 5'), bytes(`${entry}/`)));
    t.is(entryOf(table.get(bytes('row 5'))), String(entry));
    t.is(table.count?.(), 101);
    entry += 1;
    await new Promise(setImmediate);
  }
  backend.table('another');
  write(entry, () => backend.table('another').put(bytes('a'), bytes('b')));
  await backend.commit();
  await backend.close();
  const again = await openBackend(t, backend.path);
  t.is(again.appliedIndex, index(entry));
  t.is(entryOf(again.table('rows').get(bytes('row 5'))), String(entry - 1));
  t.is(Buffer.from(again.table('another').get(bytes('a')) ?? '').toString(), 'b');
});

test('the first commit to a compact file may free any number of pages, whether it was made here, opened or sent', async (t) => {
  const { backend, table, write, folder } = await fragmented(t);
  const [sent, installed] = [join(folder, 'sent.mdb'), join(folder, 'installed.mdb')];
  write(3, () => {
    for (let row = 0; row < 9000; row++) table.put(bytes(`row ${row}`), Buffer.alloc(400, row));
  });
  await backend.writeSnapshot(sent);
  await backend.defragment();
  await Backend.install(installed, sent);
  for (const each of [backend, await openBackend(t, installed)]) {
    const rows = each.table('rows');
    const change = () => {
      for (let row = 0; row < 9000; row += 9) rows.delete(bytes(`row ${row}`));
    };
    each.transact(index(4), change);
    await each.commit();
    t.is([...rows.range()].length, 8000);
    t.is(each.durableIndex, index(4));
  }
});

test('it can be done again and again, at once, and beside a copy for another member', async (t) => {
  const { backend, table, folder } = await fragmented(t);
  const copy = backend.writeSnapshot(join(folder, 'copy.mdb'));
  await Promise.all([backend.defragment(), backend.defragment(), backend.commit(), copy]);
  await backend.defragment();
  t.is([...table.range()].length, 100);
  t.is((await copy).index, index(2));
});

test('what a process that was killed meanwhile left behind is removed', async (t) => {
  const { backend, folder } = await fragmented(t);
  await backend.close();
  await writeFile(`${backend.path}.compact`, 'half a file');
  const again = await openBackend(t, backend.path);
  t.false((await readdir(folder)).includes('state.mdb.compact'));
  await again.defragment();
  t.is([...again.table('rows').range()].length, 100);
});

test('a process killed at any moment of it leaves whole entries, and all that it called durable', async (t) => {
  const path = join(await freshFolder(t), 'state.mdb');
  const defragmenter = fileURLToPath(new URL('./defragmenter.js', import.meta.url));
  for (let life = 0; life < 12; life++) {
    const env = { ...process.env, DEFRAGMENTED: path };
    const child = spawn(process.execPath, [defragmenter], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const durable = await killAfter(child, 1 + (life % 4), life * 2);
    const backend = await Backend.open({ path });
    t.true(backend.appliedIndex >= durable, `${backend.appliedIndex} after ${durable} was durable`);
    const table = backend.table('rows');
    for (let row = 0; row < rowCount; row++) t.is(entryOf(table.get(rowKey(row))), String(backend.appliedIndex));
    await backend.close();
  }
});
