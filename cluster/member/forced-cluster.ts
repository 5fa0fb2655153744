import { encodeCommand } from '../apply/command.js';
import { ClusterError } from '../errors.js';
import type { Log } from '../log/log.js';
import { index, type MemberId, term } from '../numbers.js';
import type { State } from './state.js';

/**
 * --force-new-cluster, for the last one to have the data: takes all that its log has for committed, and appends as committed that
 * all other members are removed. No majority has agreed to that, so nobody else may still be running. Whatever the others had that
 * this member had not is lost; what it had is kept, since a killed member has acknowledged more than its file says was committed.
 * @throws ClusterError data-dir-refused when there is no state to make a cluster of
 */
export async function forceNewCluster(log: Log, state: State, self: MemberId): Promise<void> {
  if (state.membership.voters.length === 0) {
    throw new ClusterError(
      'data-dir-refused',
      'this member has joined a cluster and was never sent its state: there is nothing to make a cluster of',
      {},
      { hint: 'start with --force-new-cluster a member that has data' },
    );
  }
  const before = log.hardState();
  const at = index(Math.max(log.lastIndex(), state.appliedIndex, log.mark().index) + 1);
  // A term of its own: what another member may have appended at this index is another entry.
  const forced = term(before.term + 1);
  const proposal = { proposer: self, sequence: 0 };
  const data = encodeCommand({ proposal, caller: undefined, action: { kind: 'member-keep', id: self } });
  await log.append([{ index: at, term: forced, kind: 'membership', data }], { term: forced, vote: self, commit: at });
}
