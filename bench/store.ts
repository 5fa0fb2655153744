// The state's own speed, without network or log: `node dist/bench/store.js [keys]`. Prints a line a figure. CPU is the whole
// process's, with LMDB's writer thread and the collector's; `main` is the main thread's share of it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { index, noLease, type Revision, revision } from '../cluster/numbers.js';
import type { Put, Range } from '../cluster/operations/kv.js';
import { Backend, Kv } from '../cluster/store/index.js';

const keyCount = Number(process.argv[2] ?? 200_000);
const commitEveryMs = 100;
/** Applied between two turns of the event loop, as a driver does. */
const batch = 30;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const key = (n: number): Buffer => Buffer.from(`/bench/${String((n * 7919) % keyCount).padStart(9, '0')}`);
const value = Buffer.alloc(256, 'v');

const put = (n: number): Put => ({
  kind: 'put',
  key: key(n),
  value,
  lease: noLease,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
});

const range = (limit: number, at: Revision = revision(0), rest: Partial<Range> = {}): Range => ({
  kind: 'range',
  key: Buffer.from('/bench/'),
  end: Buffer.from('/bench0'),
  limit,
  revision: at,
  order: 'none',
  target: 'key',
  serializable: true,
  keysOnly: false,
  countOnly: false,
  minModRevision: revision(0),
  maxModRevision: revision(0),
  minCreateRevision: revision(0),
  maxCreateRevision: revision(0),
  ...rest,
});

interface Meter {
  readonly at: number;
  readonly cpu: NodeJS.CpuUsage;
  readonly main: number;
}

/** Of the main thread alone, as Linux counts it. */
const mainNanoseconds = (): number =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);

const meter = (): Meter => ({
  at: performance.now(),
  cpu: process.cpuUsage(),
  main: mainNanoseconds(),
});

function report(what: string, count: number, since: Meter): void {
  const seconds = (performance.now() - since.at) / 1000;
  const { user, system } = process.cpuUsage(since.cpu);
  const main = (mainNanoseconds() - since.main) / 1000;
  const each = (micros: number): string => (micros / count).toFixed(2);
  say(`${what}: ${Math.round(count / seconds)}/s, CPU ${each(user + system)} µs each, main ${each(main)} µs`);
}

function timed(what: string, work: () => unknown): void {
  const start = performance.now();
  const result = work();
  say(`${what}: ${(performance.now() - start).toFixed(1)} ms${typeof result === 'number' ? ` (${result})` : ''}`);
}

async function putAll(backend: Backend, kv: Kv, what: string): Promise<void> {
  const start = meter();
  let committed = performance.now();
  let commit: Promise<void> | undefined;
  let stall = 0;
  for (let n = 0; n < keyCount; n += batch) {
    for (let m = n; m < Math.min(n + batch, keyCount); m++) {
      backend.transact(index(backend.appliedIndex + 1), () => kv.apply(put(m)));
    }
    if (performance.now() - committed >= commitEveryMs && commit === undefined) {
      const call = performance.now();
      committed = call;
      commit = backend.commit().finally(() => {
        commit = undefined;
      });
      stall = Math.max(stall, performance.now() - call);
    }
    await new Promise(setImmediate);
  }
  await backend.commit();
  report(`put 256 bytes, ${what}`, keyCount, start);
  say(`  longest hold of the event loop by a commit: ${stall.toFixed(1)} ms`);
}

function getAll(kv: Kv): void {
  const count = Math.min(keyCount, 200_000);
  const start = meter();
  for (let n = 0; n < count; n++) kv.range({ ...range(0), key: key(n * 31), end: new Uint8Array(0) });
  const seconds = (performance.now() - start.at) / 1000;
  say(`get: ${Math.round(count / seconds)}/s`);
}

function rangeAll(kv: Kv): void {
  timed('list, limit 10', () => kv.range(range(10)).kvs.length);
  timed('list, limit 10,000', () => kv.range(range(10_000)).kvs.length);
  timed('list of all keys without values', () => kv.range(range(0, revision(0), { keysOnly: true })).kvs.length);
  timed('count of all', () => kv.range(range(0, revision(0), { countOnly: true })).count);
  const past = revision(kv.revision - 1000);
  timed('list, limit 500, 1,000 revisions ago', () => kv.range(range(500, past)).kvs.length);
  timed('all in pages of 10,000', () => pages(kv));
}

function pages(kv: Kv): number {
  let total = 0;
  let from: Uint8Array = range(0).key;
  for (;;) {
    const { kvs, more } = kv.range({ ...range(10_000, kv.revision), key: from });
    total += kvs.length;
    const last = kvs.at(-1);
    if (!more || last === undefined) return total;
    from = Buffer.concat([last.key, Buffer.alloc(1)]);
  }
}

async function compactAll(backend: Backend, kv: Kv): Promise<void> {
  backend.transact(backend.appliedIndex, () => kv.compact(kv.revision));
  const start = meter();
  while (backend.transact(backend.appliedIndex, () => kv.compactStep(1000))) {
    if (backend.pendingBytes > 16 << 20) await backend.commit();
  }
  await backend.commit();
  report('compaction, revisions', 2 * keyCount, start);
}

const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
try {
  const backend = await Backend.open({ path: join(folder, 'state.mdb') });
  const kv = new Kv(backend.table);
  await putAll(backend, kv, 'new keys');
  await putAll(backend, kv, 'keys that are there');
  getAll(kv);
  rangeAll(kv);
  await compactAll(backend, kv);
  await backend.close();
  const start = performance.now();
  const again = await Backend.open({ path: backend.path });
  const { revision: at } = new Kv(again.table);
  say(
    `open: ${(performance.now() - start).toFixed(1)} ms (revision ${at}); ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`,
  );
  await again.close();
} finally {
  rmSync(folder, { recursive: true });
}
