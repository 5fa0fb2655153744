import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Log } from '../cluster/log/log.js';
import { nodeDisk } from '../cluster/log/node-disk.js';
import { noMember, index as toIndex, term as toTerm } from '../cluster/numbers.js';
import type { Entry } from '../cluster/raft/types.js';

// What the raft log costs on this disk. `node dist/bench/log.js --dir FOLDER --seconds 2`; compare ratios, not figures.

const { values } = parseArgs({
  options: { dir: { type: 'string', default: tmpdir() }, seconds: { type: 'string', default: '2' } },
});
const milliseconds = Number(values.seconds) * 1000;
const emptyMark = { index: toIndex(0), term: toTerm(0), membership: { voters: [], outgoing: [], learners: [] } };

interface Figures {
  readonly count: number;
  readonly seconds: number;
  readonly latencies: number[];
}

/** `inFlight` callers, each of which does the next piece of work when its last one is done. */
async function measure(inFlight: number, work: () => Promise<number>): Promise<Figures> {
  const latencies: number[] = [];
  let count = 0;
  const begin = performance.now();
  const caller = async (): Promise<void> => {
    while (performance.now() - begin < milliseconds) {
      const start = performance.now();
      const done = await work();
      count += done;
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { count, seconds: (performance.now() - begin) / 1000, latencies: latencies.sort((a, b) => a - b) };
}

async function measureLog(inFlight: number, entriesEach: number, dataBytes: number): Promise<Figures> {
  const folder = await mkdtemp(join(values.dir, 'log-bench-'));
  const data = new Uint8Array(dataBytes).fill(120);
  const log = await Log.create(nodeDisk, folder, new Uint8Array(16), emptyMark);
  try {
    return await measure(inFlight, async () => {
      const next = log.lastIndex() + 1;
      const entries = Array.from(
        { length: entriesEach },
        (_, place): Entry => ({ index: toIndex(next + place), term: toTerm(1), kind: 'command', data }),
      );
      await log.append(entries, { term: toTerm(1), vote: noMember, commit: log.lastIndex() });
      return entriesEach;
    });
  } finally {
    await log.close();
    await rm(folder, { recursive: true });
  }
}

/** The yardstick: one write and fdatasync after the other into space that was written before. */
async function measureDisk(bytes: number): Promise<Figures> {
  const folder = await mkdtemp(join(values.dir, 'log-bench-'));
  const file = await open(join(folder, 'file'), 'wx+');
  try {
    await file.write(new Uint8Array(1 << 20));
    await file.sync();
    let at = 0;
    return await measure(1, async () => {
      await file.write(new Uint8Array(bytes).fill(1), 0, bytes, at);
      await file.datasync();
      at = (at + bytes) % (1 << 20);
      return 1;
    });
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}

const at = (sorted: readonly number[], part: number): string =>
  (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(2);

function row(name: string, { count, seconds, latencies }: Figures): string {
  const rate = Math.round(count / seconds).toLocaleString('en');
  return `| ${name} | ${rate} | ${at(latencies, 0.5)} | ${at(latencies, 0.99)} |\n`;
}

process.stdout.write('| work | records/s | p50 ms | p99 ms |\n|---|---|---|---|\n');
process.stdout.write(row('the disk: 256 bytes, write and fdatasync', await measureDisk(256)));
process.stdout.write(row('append of 256 bytes, 1 in flight', await measureLog(1, 1, 256)));
process.stdout.write(row('append of 256 bytes, 100 in flight', await measureLog(100, 1, 256)));
process.stdout.write(row('append of 100 x 256 bytes, 1 in flight', await measureLog(1, 100, 256)));
process.stdout.write(row('append of 1 MiB, 1 in flight', await measureLog(1, 1, 1 << 20)));
