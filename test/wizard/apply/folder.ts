import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Ledger } from '#pki';

/** A folder of the test's own, gone when it ends. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every file below a folder, relative to it, sorted. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** What DIR's authority has signed, oldest first. */
export async function serialsIn(dir: string): Promise<readonly string[]> {
  const ledger = await Ledger.open(join(dir, 'pki'));
  try {
    return [...ledger.select({ now: new Date(), order: 'issue' })].map(({ serial }) => serial);
  } finally {
    await ledger.close();
  }
}

/** The content of all keys below a folder, by path. */
export const keysBelow = (folder: string): Map<string, string> =>
  new Map(
    filesBelow(folder)
      .filter((path) => path.endsWith('.key') || path.endsWith('.password'))
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
