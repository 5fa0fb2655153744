import type { Reconfiguration } from '../api/state.js';
import { ClusterError } from '../errors.js';
import { idText, type MemberId } from '../numbers.js';
import type { TlsMaterial } from '../transport/tls-material.js';
import type { LearnerReadiness } from './learner-readiness.js';
import { askForLearner } from './peer-questions.js';
import type { Replica } from './replica.js';

export interface ReconfigurationOptions {
  readonly replica: Replica;
  readonly material: TlsMaterial | undefined;
  readonly strict: boolean;
  readonly learnersMax: number;
  connectedMs(id: MemberId): number;
}

/** What changes of the members are decided by besides the replicated state. */
export function reconfiguration(options: ReconfigurationOptions): Reconfiguration {
  const { replica, strict, learnersMax, connectedMs } = options;
  return {
    strict,
    learnersMax,
    now: () => Math.floor(Date.now() / 1000),
    connectedMs,
    checkLearnerIsReady: async (id) => {
      const said = await readiness(options, id);
      if (said === 'ready') return;
      if (said === 'unknown') {
        throw new ClusterError('member-not-found', `the leader sends nothing to ${idText(id)}`, { id: idText(id) });
      }
      if (said === 'not-leader') throw new ClusterError('no-leader', 'the leader has changed');
      throw new ClusterError('learner-not-ready', `${idText(id)} is too far behind the leader`, { id: idText(id) });
    },
  };

  /** Only a leader knows how far its followers are. */
  async function readiness({ material }: ReconfigurationOptions, id: MemberId): Promise<LearnerReadiness> {
    const own = replica.learner(id);
    if (own !== 'not-leader') return own;
    const leader = replica.state.members.member(replica.standing.leader);
    if (leader === undefined) throw new ClusterError('no-leader', 'this member knows no leader');
    for (const url of leader.peerUrls) {
      const said = await askForLearner(url, id, material).catch(() => undefined);
      if (said !== undefined) return said;
    }
    throw new ClusterError('timeout', `the leader does not say how far ${idText(id)} is`);
  }
}
