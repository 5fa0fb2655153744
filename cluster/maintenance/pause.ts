import { setImmediate } from 'node:timers/promises';
import { ClusterError } from '../errors.js';

/** Lets everybody else have a turn. @throws ClusterError cancelled, when whoever wanted the work has gone */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw new ClusterError('cancelled', 'the caller has gone', {}, { cause: signal.reason });
}
