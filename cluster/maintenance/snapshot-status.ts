import { crc32c } from '@node-rs/crc32';
import { pause } from './pause.js';
import { portions, type Reading, SnapshotReader } from './snapshot-reader.js';

/** What `etcdutl snapshot status` says of a file. */
export interface SnapshotStatus {
  /** CRC-32C of all buckets. */
  readonly hash: number;
  readonly revision: number;
  /** That are there at this revision. */
  readonly keys: number;
  /** In all buckets: each revision of a key is one. */
  readonly rows: number;
  /** Of the database, in bytes. */
  readonly size: number;
  /** '' before etcd 3.6. */
  readonly version: string;
  /** Whether it ends with a SHA-256, as a snapshot does and a file out of a data folder does not; it was compared. */
  readonly hasDigest: boolean;
}

/**
 * Reads all of the file. @throws ClusterError snapshot-refused, snapshot-damaged, cancelled
 */
export async function snapshotStatus(path: string, reading: Reading = {}): Promise<SnapshotStatus> {
  const snapshot = SnapshotReader.open(path);
  try {
    const { missing } = await snapshot.digest(reading);
    const { file, version } = snapshot;
    const { revision, keys } = await countKeys(snapshot, reading);
    let [hash, rows] = [0, 0];
    for (const bucket of file.buckets) {
      hash = crc32c(bucket, hash);
      for (const portion of portions(file.rows(bucket))) {
        hash = crc32c(Buffer.concat(portion.flat()), hash);
        rows += portion.length;
        await pause(reading.signal);
      }
    }
    return { hash, revision, keys, rows, size: file.bytes, version, hasDigest: !missing };
  } finally {
    snapshot.close();
  }
}

async function countKeys(snapshot: SnapshotReader, { signal }: Reading) {
  const there = new Set<string>();
  let revision = 0;
  for (const portion of snapshot.changes()) {
    for (const { place, key, tombstone } of portion) {
      revision = place.main;
      if (key.length === 0) continue;
      const name = Buffer.from(key).toString('latin1');
      if (tombstone) there.delete(name);
      else there.add(name);
    }
    await pause(signal);
  }
  return { revision, keys: there.size };
}
