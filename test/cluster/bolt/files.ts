import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { BoltReader, BoltWriter, type Row } from '../../../cluster/bolt/index.js';
import { temporaryFolder } from '../../certificates.js';

/** Rows by bucket. */
export type Content = Readonly<Record<string, readonly Row[]>>;

/** A bbolt file with this content, written by us. */
export async function boltFile(t: ExecutionContext, content: Content, pageBytes?: number): Promise<string> {
  const path = join(await temporaryFolder(t), 'written.db');
  const file = await open(path, 'w');
  const write = async (bytes: Uint8Array, position: number): Promise<void> => {
    await file.write(bytes, 0, bytes.length, position);
  };
  const writer = new BoltWriter({ write }, pageBytes === undefined ? {} : { pageBytes });
  for (const [name, rows] of Object.entries(content)) await writer.bucket(name, [rows]);
  const bytes = await writer.finish();
  await file.close();
  t.is((await readFile(path)).length, bytes);
  return path;
}

/** Everything in the file, keys and values as latin1 text. @throws ClusterError what the reader throws */
export function readAll(path: string): Record<string, [string, string][]> {
  const reader = BoltReader.open(path);
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  try {
    return Object.fromEntries(
      reader.buckets.map((name) => [name, [...reader.rows(name)].map(([key, value]) => [text(key), text(value)])]),
    );
  } finally {
    reader.close();
  }
}

export const row = (key: string, value: string): Row => [Buffer.from(key, 'latin1'), Buffer.from(value, 'latin1')];

/** `count` rows in order, with values of these lengths in turn. */
export const numbered = (count: number, ...lengths: readonly number[]): readonly Row[] =>
  Array.from({ length: count }, (_, n) =>
    row(String(n).padStart(8, '0'), String(n % 10).repeat(lengths[n % lengths.length] ?? 0)),
  );
