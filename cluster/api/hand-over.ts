import { within } from '../deadline.js';
import type { MemberId } from '../numbers.js';
import { type Standing, successorOf } from './member-health.js';

/**
 * Has somebody else lead who is about to go, if they lead: the others need not miss them first.
 * @param patienceMs after which it is left to an election
 */
export async function handOver(
  state: Standing,
  leaving: MemberId,
  patienceMs: number,
  signal = new AbortController().signal,
): Promise<void> {
  const { consensus } = state;
  if (consensus.status().leader !== leaving) return;
  const successor = successorOf(state, leaving);
  if (successor === undefined) return;
  await within(patienceMs, signal, (late) => consensus.moveLeader(successor, late)).catch(() => {});
}
