import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { State } from '../../cluster/member/state.js';
import * as file from '../../cluster/store/data-file.js';

/** A digest of every table of the state, by name, taken from a copy of its file: what is on the disk counts. */
export async function tableDigests(state: State, copy: string): Promise<Readonly<Record<string, string>>> {
  await state.commit();
  await state.copyTo(copy);
  const root = file.openRoot(copy, { readOnly: true });
  try {
    const digests: Record<string, string> = { applied: `${file.readApplied(file.openBackendRows(root))}` };
    for (const name of file.tableNames(root)) {
      const hash = createHash('sha256');
      let rows = 0;
      for (const { key, value } of file.openRows(root, name).getRange()) {
        hash.update(`${key.length} ${value.length} `).update(key).update(value);
        rows += 1;
      }
      // A table that is empty and one that was never made are the same.
      if (rows > 0) digests[name] = hash.digest('hex');
    }
    return digests;
  } finally {
    await root.close();
    await rm(copy, { force: true });
    await rm(`${copy}-lock`, { force: true });
  }
}
