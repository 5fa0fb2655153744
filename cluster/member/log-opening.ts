import type { Disk } from '../disk.js';
import { ClusterError } from '../errors.js';
import { Log } from '../log/log.js';
import type { Member } from '../members/members.js';
import { index, term } from '../numbers.js';
import type { Membership } from '../raft/types.js';
import { checkIdentity, type DataDir, encodeIdentity, type Identity } from './data-dir.js';
import type { State } from './state.js';

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
  membership: Membership,
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
  const mark = { index: index(0), term: term(0), membership };
  return { log: await Log.create(disk, dir.log, encodeIdentity(identity), mark), isNew: true };
}

/**
 * A state that was lost comes back from the log, if that is whole. What was there before the first entry is not in it: the
 * members that founded the cluster, whose ids the log began with.
 */
export async function restoreBeginning(
  state: State,
  log: Log,
  founders: readonly Member[],
  dir: DataDir,
): Promise<void> {
  const { voters } = log.mark().membership;
  if (state.members.list().length > 0 || voters.length === 0) return;
  const isFounded = voters.length === founders.length && founders.every(({ id }) => voters.includes(id));
  if (!isFounded) throw lost(dir, 'its state is gone, and --initial-cluster is not what the cluster began with');
  await state.initialise(founders);
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
