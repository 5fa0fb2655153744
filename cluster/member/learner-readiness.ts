import type { MemberId } from '../numbers.js';
import type { RaftStatus } from '../raft/types.js';

export type LearnerReadiness = 'ready' | 'behind' | 'unknown' | 'not-leader';

/** As etcd: of what the leader has. */
const readyShare = 0.9;

/** Whether the learner `id` may become a voter, as the member `self` sees it, which is the leader or can not tell. */
export function learnerReadiness(
  { role, progress, lastIndex }: Pick<RaftStatus, 'role' | 'progress' | 'lastIndex'>,
  id: MemberId,
  self: MemberId,
): LearnerReadiness {
  if (role !== 'leader') return 'not-leader';
  const match = progress.get(id)?.match;
  if (match === undefined) return id === self ? 'ready' : 'unknown';
  return match >= readyShare * lastIndex ? 'ready' : 'behind';
}
