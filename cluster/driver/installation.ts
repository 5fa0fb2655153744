import assert from 'node:assert/strict';
import type { Ready, SnapshotMark } from '../raft/types.js';
import type { DriverParts } from './parts.js';

/**
 * Replaces state and log by a snapshot that lies ready. Until that is done the driver's loop stands still, and what arrives
 * is put aside. False: the driver was stopped meanwhile.
 */
export async function install(
  { log, raft, network, snapshots, logger }: DriverParts,
  { hardState, entries, committed, afterDurable }: Ready,
  mark: SnapshotMark,
  /** What is being written to either. */
  underWay: () => Promise<unknown>,
  isStopped: () => boolean,
): Promise<boolean> {
  assert(entries.length === 0 && committed.length === 0, 'a log that is being replaced takes and gives no entries');
  logger.info('installing a snapshot', { index: mark.index, term: mark.term });
  await underWay();
  if (isStopped()) return false;
  await snapshots.install(mark, hardState ?? log.hardState());
  if (isStopped()) return false;
  raft.snapshotInstalled(mark);
  if (afterDurable.length > 0) network.send(afterDurable);
  logger.info('installed a snapshot', { index: mark.index, term: mark.term });
  return true;
}
