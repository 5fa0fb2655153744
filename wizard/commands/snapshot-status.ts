import { resolve } from 'node:path';
import { type SnapshotStatus, snapshotStatus as statusOf } from '#cluster/snapshots';
import { type ExitCode, exitCodes } from '../report.js';
import type { Context, Given } from './command.js';

export const inMegabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

/** The names are etcdutl's. */
export const statusJson = ({ hash, revision, keys, rows, size, version, hasDigest }: SnapshotStatus) => ({
  ...{ hash, revision, totalKey: keys, totalSize: size, version },
  ...{ revisions: rows, checksum: hasDigest ? 'verified' : 'missing' },
});

/** `quorate snapshot status` */
export async function snapshotStatus({ terminal, signal }: Context, { file, json }: Given): Promise<ExitCode> {
  const path = resolve(String(file));
  const progress = (done: number, whole: number): void =>
    terminal.progress(`checking ${inMegabytes(done)} of ${inMegabytes(whole)}`);
  const status = await statusOf(path, { signal, progress }).finally(() => terminal.endProgress());
  if (json === true) terminal.json(statusJson(status));
  else for (const line of lines(status)) terminal.result(line);
  return exitCodes.done;
}

function lines({ hash, revision, keys, rows, size, version, hasDigest }: SnapshotStatus): readonly string[] {
  return [
    `hash       ${hash.toString(16).padStart(8, '0')}`,
    `revision   ${revision}`,
    `keys       ${keys}, ${rows} rows in all buckets`,
    `size       ${inMegabytes(size)}`,
    `version    ${version === '' ? 'not said: before etcd 3.6' : version}`,
    `checksum   ${hasDigest ? 'SHA-256 verified' : 'none, as in a db file out of a data folder'}`,
  ];
}
