// A process to be killed: as `writer`, and its file is made compact over and over meanwhile.
import { index } from '../../../cluster/numbers.js';
import { Backend } from '../../../cluster/store/index.js';
import { rowCount, rowKey } from './writer.js';

const { DEFRAGMENTED: path } = process.env;

if (path !== undefined) {
  const backend = await Backend.open({ path });
  const table = backend.table('rows');
  const filling = Buffer.alloc(20_000);
  const write = (entry: number): void =>
    backend.transact(index(entry), () => {
      for (let row = 0; row < rowCount; row++)
        table.put(rowKey(row), Buffer.concat([Buffer.from(`${entry}/`), filling]));
    });
  for (;;) {
    write(backend.appliedIndex + 1);
    const compacted = backend.defragment();
    const commit = backend.commit();
    write(backend.appliedIndex + 1);
    await commit;
    process.stdout.write(`${backend.durableIndex}\n`);
    await compacted;
  }
}
