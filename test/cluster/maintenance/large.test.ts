import { readdirSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { Maintenance } from '../../../cluster/maintenance/index.js';
import { index, revision, term } from '../../../cluster/numbers.js';
import { Kv } from '../../../cluster/store/index.js';
import { startMember } from '../api/member.js';
import { freshFolder, openBackend } from '../store/folder.js';
import { put } from '../store/operations.js';

// What a snapshot and a hash cost a member that goes on serving: memory, turns of its event loop, files.

async function filled(t: ExecutionContext, rows: number, valueBytes: number) {
  const folder = await freshFolder(t);
  const backend = await openBackend(t, join(folder, 'state.mdb'), true);
  const kv = new Kv(backend.table);
  const value = 'v'.repeat(valueBytes);
  const batch = 1000;
  for (let from = 0; from < rows; from += batch) {
    backend.transact(index(from + 1), () => {
      for (let n = from; n < from + batch; n++) kv.apply(put(`key/${String(n).padStart(8, '0')}`, value));
    });
    await backend.commit();
  }
  const maintenance = new Maintenance({ view: () => backend.view(), term: () => term(1), folder });
  return { backend, kv, maintenance, folder };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * Bytes on the heap and outside of it (buffers) that are in use, as far as this process made them: pages of a mapped file are not
 * in it, nor what nobody needs any more.
 */
const memory = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

// Alone: what the others' stores take would be counted too.
test.serial(
  'a snapshot takes memory for a few pages, not for the store, and others get their turns meanwhile',
  async (t) => {
    const { maintenance } = await filled(t, 30_000, 2048);
    const before = memory();
    let [peak, turns] = [0, 0];
    const timer = setInterval(() => {
      turns += 1;
      if (turns % 20 === 0) peak = Math.max(peak, memory());
    }, 1);
    const file = await maintenance.snapshot();
    await maintenance.hashKeys(revision(0));
    clearInterval(timer);
    t.true(file.bytes > 60 << 20, String(file.bytes));
    t.true(peak - before < 40 << 20, `${(peak - before) >> 20} MB more for a snapshot of ${file.bytes >> 20} MB`);
    t.true(turns > 50, `${turns} turns`);
    await file.close();
  },
);

test('a snapshot is of one moment, whatever is written while it is taken', async (t) => {
  const { backend, kv, maintenance } = await filled(t, 5000, 100);
  const before = kv.revision;
  let writing = true;
  const writer = (async () => {
    for (let n = 0; writing; n++) {
      backend.transact(index(backend.appliedIndex + 1), () => kv.apply(put('key/00000000', `other ${n}`)));
      if (n % 3 === 0) await backend.commit();
      await delay(1);
    }
  })();
  const hashes = [await maintenance.hashKeys(revision(0)), await maintenance.hashKeys(revision(0))];
  writing = false;
  await writer;
  t.true(kv.revision > before + 1);
  for (const { hash, latest } of hashes) t.is((await maintenance.hashKeys(latest)).hash, hash, `at ${latest}`);
});

/** Files without a name that this process holds open. */
const nameless = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /for-client-.* \(deleted\)$/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;

test.serial(
  'nothing is left of a snapshot whose client has gone, and nothing waits for one that does not read',
  async (t) => {
    const { backend, maintenance, folder } = await filled(t, 5000, 2048);
    const held = await maintenance.snapshot();
    t.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('for-client')),
      [],
    );
    t.is(nameless(), 1);
    // The state is let go as soon as the file is written: closing does not wait for whoever takes it.
    await backend.close();
    await held.close();
    t.is(nameless(), 0);

    const member = await startMember(t);
    const client = member.client();
    for (let n = 0; n < 20; n++) await client.put(`big/${n}`, 'x'.repeat(1 << 20));
    for await (const { remaining } of client.snapshot(member.endpoint)) {
      t.true(remaining > 0);
      t.is(nameless(), 1);
      break;
    }
    const deadline = Date.now() + 10_000;
    while (nameless() > 0 && Date.now() < deadline) await delay(5);
    t.is(nameless(), 0);
  },
);

test('only so many snapshots are written at a time', async (t) => {
  const { maintenance } = await filled(t, 5000, 100);
  const all = await Promise.allSettled(Array.from({ length: 6 }, () => maintenance.snapshot()));
  const made = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  t.is(made.length, 4);
  for (const file of made) await file.close();
  for (const one of all) if (one.status === 'rejected') t.like(one.reason, { code: 'too-many-requests' });
});
