import { crc32c } from '@node-rs/crc32';
import { type Revision, revision } from '../numbers.js';
import { type Change, Revisions } from '../store/index.js';
import { checkRevision } from '../store/view.js';
import { historyRows } from './history-rows.js';
import { pause } from './pause.js';
import type { View } from './view.js';

/** What members compare: at one revision and compacted at one, all of them must have the same. */
export interface KeyHash {
  /** CRC-32C */
  readonly hash: number;
  /** The revision that it covers, inclusive. */
  readonly revision: Revision;
  /** Undefined: nothing was ever compacted. */
  readonly compacted: Revision | undefined;
  /** The store's latest. */
  readonly latest: Revision;
}

/** How many keys are looked at before others have a turn. */
const keysAtOnce = 500;

/**
 * etcd's HashKV over the history up to a revision (0: the latest):
 *
 *     "key"  5_0 /a=1   9_0 /a=2   9_1 /b=1   11_0t /b        compacted at 9
 *             left out            in at 10, left out at 11
 *
 * What is compacted counts only as far as it is still how things stand at that revision; what came later counts whole. So
 * it does not matter how far a member has come with removing what was compacted. Where no key is left at that revision
 * etcd leaves nothing out: then what the compaction kept is in. Where a restore has raised the revision a key without a name
 * is left to etcd.
 * @throws ClusterError compacted, future-revision, cancelled, stopped
 */
export async function hashKeys(view: View, at: Revision, signal?: AbortSignal): Promise<KeyHash> {
  const revisions = new Revisions(view.table);
  const { compacted, latest } = revisions;
  checkRevision(at, latest, compacted ?? revision(0));
  // Below 0 there is nothing, and etcd hashes just that.
  if (at < 0) return { hash: crc32c('key'), revision: at, compacted, latest };
  const upTo = at === 0 ? latest : at;
  const standing = (await holdsKeys(revisions, upTo, signal)) ? upTo : (compacted ?? upTo);
  const counts = (change: Change): boolean =>
    compacted === undefined || change.place.main > compacted || revisions.stands(change, standing);
  let hash = crc32c('key');
  for (const rows of historyRows(revisions, upTo, counts)) {
    hash = crc32c(Buffer.concat(rows.flat()), hash);
    await pause(signal);
  }
  return { hash, revision: upTo, compacted, latest };
}

async function holdsKeys(revisions: Revisions, at: Revision, signal: AbortSignal | undefined): Promise<boolean> {
  if (revisions.raised !== undefined) return true;
  let looked = 0;
  for (const present of revisions.presence(at)) {
    if (present) return true;
    looked += 1;
    if (looked % keysAtOnce === 0) await pause(signal);
  }
  return false;
}
