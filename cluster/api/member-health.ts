import { ClusterError } from '../errors.js';
import type { MemberId } from '../numbers.js';
import type { ApiState } from './state.js';

// What etcd refuses of changes of the members by how this member is connected: a majority must have been within reach for
// a while, so that the change does not take away what is left of it.

const healthyMs = 5000;
const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

/** How this member stands with the others. */
export type Standing = Pick<ApiState, 'consensus' | 'members' | 'reconfiguration'>;

const votersOf = ({ members }: Standing) => members.list().filter(({ isLearner }) => !isLearner);

/** This member counts as connected with itself. */
function connectedMs({ consensus, reconfiguration }: Standing, id: MemberId): number {
  return id === consensus.status().memberId ? Number.POSITIVE_INFINITY : reconfiguration.connectedMs(id);
}

const connected = (state: Standing): number =>
  votersOf(state).filter(({ id }) => connectedMs(state, id) > healthyMs).length;

/** The new one counts as out of reach. A single member may always get company. @throws ClusterError unhealthy */
export function checkQuorumAfterAdding(state: Standing): void {
  const voters = votersOf(state).length;
  if (voters > 1 && connected(state) < majorityOf(voters + 1)) throw unhealthy(connected(state), voters);
}

/** Who is out of reach is no loss. @throws ClusterError unhealthy */
export function checkQuorumAfterRemoving(state: Standing, id: MemberId): void {
  if (connectedMs(state, id) === 0) return;
  const voters = votersOf(state).length;
  if (connected(state) - 1 < majorityOf(voters - 1)) throw unhealthy(connected(state), voters);
}

/** Who had best lead when `leader` goes: the voter that has been within reach for longest. */
export function successorOf(state: Standing, leader: MemberId): MemberId | undefined {
  const others = votersOf(state).filter(({ id }) => id !== leader && connectedMs(state, id) > 0);
  return others.sort((a, b) => connectedMs(state, b.id) - connectedMs(state, a.id))[0]?.id;
}

const unhealthy = (reached: number, voters: number): ClusterError =>
  new ClusterError('unhealthy', `${reached} of ${voters} voting members have been within reach for ${healthyMs} ms`);
