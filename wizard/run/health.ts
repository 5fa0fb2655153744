import { connect } from 'node:net';
import { ClusterError, type EtcdClient } from '#cluster';
import { WizardError } from '../errors.js';
import type { Member } from '../plan/plan.js';
import { endpointOf } from './cluster-client.js';

const attemptMs = 15;

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, attemptMs);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
  });

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
const notYet = (error: unknown): boolean =>
  error instanceof ClusterError &&
  [
    'connection-failed',
    'no-leader',
    'leader-changed',
    'timeout',
    'timeout-leader-failure',
    'too-many-requests',
  ].includes(error.code);

async function knowsALeader(client: EtcdClient, member: Member, signal: AbortSignal): Promise<boolean> {
  if (!(await accepts(member))) return false;
  try {
    const { leader } = await client.status(endpointOf(member), { signal, timeoutMs: 2000 });
    return leader !== 0n;
  } catch (error) {
    if (notYet(error)) return false;
    throw error;
  }
}

/**
 * Resolves once every member serves its clients and knows the leader.
 * @throws WizardError unhealthy naming those that do not in time; the signal's reason; ClusterError when a member refuses root
 */
export async function untilHealthy(
  client: EtcdClient,
  members: readonly Member[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let waiting = members;
  while (waiting.length > 0) {
    signal.throwIfAborted();
    const known = await Promise.all(waiting.map((member) => knowsALeader(client, member, signal)));
    waiting = waiting.filter((_, place) => known[place] === false);
    if (waiting.length === 0) return;
    if (Date.now() > deadline) throw unhealthy(waiting, timeoutMs);
    await pause(signal);
  }
}

function unhealthy(members: readonly Member[], timeoutMs: number): WizardError {
  const names = members.map(({ name }) => name);
  return new WizardError(
    'unhealthy',
    `not healthy after ${timeoutMs / 1000} s: ${names.join(', ')}`,
    { members: names },
    {
      hint: `their logs are in run/: ${names.map((name) => `${name}.log`).join(' ')}`,
    },
  );
}
