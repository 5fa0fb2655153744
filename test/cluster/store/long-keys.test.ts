import test from 'ava';
import { index } from '../../../cluster/numbers.js';
import { freshStore } from './folder.js';
import { del, fromKey, get, put } from './operations.js';

const lengths = [1, 2, 959, 960, 961, 1919, 1920, 1921, 4000, 100_000, 1_572_864];

test('keys of one byte to 1.5 MiB come back whole and in order', async (t) => {
  const { backend, kv } = await freshStore(t);
  const keys = lengths.flatMap((length) => ['a', 'b'].map((last) => `${'k'.repeat(length - 1)}${last}`));
  for (const [n, key] of keys.entries()) backend.transact(index(n + 1), () => kv.apply(put(key, `${n}`)));
  await backend.commit();
  const found = kv.range(get('\0', fromKey)).kvs.map(({ key }) => Buffer.from(key).toString('latin1'));
  t.deepEqual(
    found,
    keys.toSorted((a, b) => (a < b ? -1 : 1)),
  );
  for (const [n, key] of keys.entries()) {
    const { kvs } = kv.range(get(key));
    if (Buffer.from(kvs[0]?.value ?? []).toString() !== `${n}`) t.fail(`a key of ${key.length} bytes`);
  }
});

test('any bound cuts between long keys as it does between short ones', async (t) => {
  const { backend, kv } = await freshStore(t);
  const stems = ['', 'm'.repeat(958), 'm'.repeat(959), 'm'.repeat(960), 'm'.repeat(1920), `${'m'.repeat(959)}l`];
  const tails = ['\0', 'a', 'm', 'mm', '\xff', `z${'z'.repeat(1000)}`];
  const keys = [...new Set(stems.flatMap((stem) => tails.map((tail) => stem + tail)))];
  for (const [n, key] of keys.entries()) backend.transact(index(n + 1), () => kv.apply(put(key, '')));
  const sorted = keys.toSorted((a, b) => (a < b ? -1 : 1));
  const bounds = [...sorted, ...stems.filter((stem) => stem !== ''), `${'m'.repeat(960)}\0\0`, 'm'.repeat(2880)];
  for (const from of bounds) {
    for (const to of bounds.filter((bound) => bound !== fromKey)) {
      const expected = sorted.filter((key) => key >= from && key < to);
      const found = kv.range(get(from, to)).kvs.map(({ key }) => Buffer.from(key).toString('latin1'));
      const count = kv.count(get(from, to));
      if (found.join() !== expected.join() || count !== expected.length) t.fail(`${from} to ${to}`);
    }
  }
  t.pass();
});

test('many long keys with one prefix cost no more than their bytes', async (t) => {
  const { backend, kv } = await freshStore(t);
  const stem = 's'.repeat(100_000);
  const start = process.cpuUsage();
  for (let n = 0; n < 300; n++) backend.transact(index(n + 1), () => kv.apply(put(`${stem}${n}`, '')));
  t.is(kv.range(get(stem, fromKey, { keysOnly: true })).kvs.length, 300);
  t.is([...backend.table('directories').range()].length, 104);
  backend.transact(index(301), () => kv.apply(del(stem, fromKey)));
  // Deletions at the compacted revision itself stay until the next compaction.
  backend.transact(index(302), () => kv.apply(put('later', '')));
  backend.transact(index(303), () => kv.compact(kv.revision));
  while (backend.transact(index(303), () => kv.compactStep(50)));
  t.is([...backend.table('directories').range()].length, 0);
  t.true(process.cpuUsage(start).user < 10_000_000);
});
