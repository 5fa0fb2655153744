import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError, type ClusterErrorCode } from '#cluster';

/** Members that have just met are not trusted for five seconds, and an election takes a moment. */
const patienceMs = 30_000;
const pauseMs = 500;

const passing: ReadonlySet<ClusterErrorCode> = new Set([
  ...(['unhealthy', 'timeout', 'no-leader', 'leader-changed', 'connection-failed'] as const),
  ...(['timeout-leader-failure', 'timeout-connection-lost', 'stopped'] as const),
]);

export interface Patience {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/**
 * Changes a cluster in one way, once: whether it is done is asked before each attempt, since one that was not answered may have
 * been carried out.
 * @throws ClusterError what does not pass by itself, or has not within 30 s
 */
export async function patiently(
  isDone: () => Promise<boolean>,
  change: () => Promise<unknown>,
  { signal, progress }: Patience,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      if (await isDone()) return;
      await change();
      return;
    } catch (error) {
      const passes = error instanceof ClusterError && passing.has(error.code) && !signal.aborted;
      if (!passes || Date.now() > deadline) throw error;
      progress(`waiting: ${error.message}`);
      await delay(pauseMs, undefined, { signal });
    }
  }
}
