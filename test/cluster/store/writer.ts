// A process to be killed: writes entry after entry, every entry all rows, and says what is durable.
import { index } from '../../../cluster/numbers.js';
import { Backend } from '../../../cluster/store/index.js';

export const rowCount = 100;
export const rowKey = (row: number): Buffer => Buffer.from(`row ${row}`);

const path = process.argv[2];

if (path !== undefined) {
  const backend = await Backend.open({ path });
  const table = backend.table('rows');
  const filling = Buffer.alloc(2000);
  for (let entry = backend.appliedIndex + 1; ; entry++) {
    backend.transact(index(entry), () => {
      for (let row = 0; row < rowCount; row++)
        table.put(rowKey(row), Buffer.concat([Buffer.from(`${entry}/`), filling]));
    });
    const commit = backend.commit();
    if (entry % 3 !== 0) continue;
    await commit;
    process.stdout.write(`${backend.durableIndex}\n`);
  }
}
