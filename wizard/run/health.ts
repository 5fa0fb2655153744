import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError, type EtcdClient } from '#cluster';
import { WizardError } from '../errors.js';
import { runFolder } from '../layout.js';
import type { Member } from '../plan/plan.js';
import { endpointOf } from './cluster-client.js';

export interface HealthOptions {
  /** Absolute. */
  readonly dir: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const attemptMs = 15;
const answerMs = 2_000;

/** A bare connection first: it costs a member that is coming up nothing, and refuses at once. */
const accepts = ({ host, clientPort }: Member): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port: clientPort });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

/** What a member that is coming up may answer. */
const passing = new Set<ClusterError['code']>([
  'connection-failed',
  'no-leader',
  'leader-changed',
  'timeout',
  'timeout-leader-failure',
  'too-many-requests',
]);

/** What keeps the member from being healthy; undefined when nothing does. */
async function obstacleOf(client: EtcdClient, member: Member, signal: AbortSignal): Promise<string | undefined> {
  const endpoint = endpointOf(member);
  if (!(await accepts(member))) return `${endpoint} is not served yet`;
  try {
    const { leader } = await client.status(endpoint, { signal, timeoutMs: answerMs });
    return leader === 0n ? 'it knows of no leader' : undefined;
  } catch (error) {
    if (error instanceof ClusterError && passing.has(error.code)) return error.message;
    throw error;
  }
}

/**
 * Resolves once every member serves its clients and knows the leader.
 * @throws WizardError unhealthy naming those that do not in time, and why; the signal's reason; ClusterError when a member refuses root
 */
export async function untilHealthy(
  client: EtcdClient,
  members: readonly Member[],
  { dir, timeoutMs, signal }: HealthOptions,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let waiting = members;
  for (;;) {
    signal.throwIfAborted();
    const obstacles = await Promise.all(waiting.map((member) => obstacleOf(client, member, signal)));
    const reasons = new Map(waiting.map(({ name }, place) => [name, obstacles[place]]));
    waiting = waiting.filter(({ name }) => reasons.get(name) !== undefined);
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      const what = waiting.map(({ name }) => `${name} (${reasons.get(name)})`).join(', ');
      const hint = `their logs are ${waiting.map(({ name }) => join(dir, runFolder, `${name}.log`)).join(' ')}`;
      throw new WizardError('unhealthy', `not healthy after ${timeoutMs / 1000} s: ${what}`, {}, { hint });
    }
    await delay(attemptMs, undefined, { signal });
  }
}
