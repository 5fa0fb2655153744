import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Backend, Kv } from '../../../cluster/store/index.js';

/** A fresh folder, gone after the test. */
export async function freshFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-store-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Closed after the test, unless the test did. */
export async function openBackend(t: ExecutionContext, path: string, inline = false): Promise<Backend> {
  const backend = await Backend.open({ path, inline });
  t.teardown(() => backend.close());
  return backend;
}

export async function freshStore(t: ExecutionContext): Promise<{ backend: Backend; kv: Kv; path: string }> {
  const path = join(await freshFolder(t), 'state.mdb');
  const backend = await openBackend(t, path, true);
  return { backend, kv: new Kv(backend.table), path };
}
