import type { Disk } from '../disk.js';
import { ClusterError } from '../errors.js';
import { Log } from '../log/log.js';
import { index, type MemberId, term } from '../numbers.js';
import { checkIdentity, type DataDir, encodeIdentity, type Identity } from './data-dir.js';

export interface OpenedLog {
  readonly log: Log;
  /** The member has never run before. */
  readonly isNew: boolean;
}

/**
 * Opens the member's log, or begins one. The log is the last thing that a first start makes, so a state without one and
 * without entries is a first start that was interrupted; a state with entries has lost its log, and must not vote again.
 * @throws ClusterError data-dir-refused, log-damaged, disk-full
 */
export async function openLog(
  disk: Disk,
  dir: DataDir,
  identity: Identity,
  voters: readonly MemberId[],
  appliedIndex: number,
): Promise<OpenedLog> {
  if (await Log.exists(disk, dir.log)) {
    const log = await Log.open(disk, dir.log);
    checkIdentity(log.identity, identity, dir.root);
    checkStateIsThere(log, appliedIndex, dir);
    return { log, isNew: false };
  }
  if (appliedIndex > 0)
    throw lost(dir, `its state goes up to entry ${appliedIndex}, but there is no log in ${dir.log}`);
  const membership = { voters, outgoing: [], learners: [] };
  const mark = { index: index(0), term: term(0), membership };
  return { log: await Log.create(disk, dir.log, encodeIdentity(identity), mark), isNew: true };
}

function checkStateIsThere(log: Log, appliedIndex: number, dir: DataDir): void {
  const { index: cut } = log.mark();
  if (appliedIndex < cut)
    throw lost(dir, `its log begins after entry ${cut}, but its state goes up to ${appliedIndex} only`);
}

const lost = (dir: DataDir, what: string): ClusterError =>
  new ClusterError(
    'data-dir-refused',
    `the data in ${dir.root} is not whole: ${what}`,
    { root: dir.root },
    {
      hint: 'restore the folder, or take the member out of the cluster and add it anew with an empty one',
    },
  );
