import { crc32c } from '@node-rs/crc32';
import { term } from '../numbers.js';
import { bucketsOf, metaKeys } from './buckets.js';
import type { View } from './view.js';

/** They differ between members, or in time, without anything being wrong. */
const leftOut: ReadonlySet<string> = new Set([metaKeys.index, metaKeys.term, metaKeys.version]);

/** etcd's Hash: CRC-32C of all buckets, as a snapshot would have them. @throws ClusterError cancelled, stopped */
export async function hashState(view: View, signal?: AbortSignal): Promise<number> {
  let hash = 0;
  for (const { name, lots } of bucketsOf(view, term(0), signal)) {
    hash = crc32c(name, hash);
    for await (const rows of lots) {
      const counted = name === 'meta' ? rows.filter(([key]) => !leftOut.has(Buffer.from(key).toString())) : rows;
      hash = crc32c(Buffer.concat(counted.flat()), hash);
    }
  }
  return hash;
}
