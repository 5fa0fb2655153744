import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { index, revision } from '../../../cluster/numbers.js';
import { Backend, Kv } from '../../../cluster/store/index.js';
import { get, put } from './operations.js';

test('a store that is closed and opened again has what was committed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-store-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'state.mdb');
  const backend = await Backend.open({ path });
  const kv = new Kv(backend.table);
  backend.transact(index(1), () => kv.apply(put('a', '1')));
  await backend.commit();
  backend.transact(index(2), () => kv.apply(put('a', '2')));
  t.is(kv.revision, revision(3));
  await backend.close();

  const again = await Backend.open({ path });
  t.teardown(() => again.close());
  t.is(again.appliedIndex, index(1));
  const reopened = new Kv(again.table);
  t.is(reopened.revision, revision(2));
  t.is(Buffer.from(reopened.range(get('a')).kvs[0]?.value ?? []).toString(), '1');
});
