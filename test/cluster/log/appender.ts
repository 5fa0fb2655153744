import { writeSync } from 'node:fs';
import { Log } from '../../../cluster/log/log.js';
import { nodeDisk } from '../../../cluster/log/node-disk.js';
import { entryAt, smallSegments, stateAt } from './fixtures.js';

// A process to be killed: appends to the log in the folder given, several at a time, and says what was acknowledged.

const folder = process.argv[2] ?? '';
const log = await Log.open(nodeDisk, folder, { ...smallSegments, segmentBytes: 1 << 16 });

async function appendOn(): Promise<void> {
  for (;;) {
    const index = log.lastIndex() + 1;
    await log.append([entryAt(index, 1, Buffer.alloc(200, index))], stateAt(1, 7n, index));
    writeSync(1, `${index}\n`);
  }
}

await Promise.all(Array.from({ length: 10 }, appendOn));
