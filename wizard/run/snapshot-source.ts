import type { EtcdClient } from '#cluster';

/** Whom to ask for a snapshot. */
export interface Source {
  readonly endpoint: string;
  /** False: it has lost the cluster, and may lack what was written since. */
  readonly hasLeader: boolean;
}

/**
 * The member that has applied most among those that know a leader; where none does, among all that answer: a snapshot is
 * wanted then more than ever. @throws ClusterError when none answers
 */
export async function snapshotSource(client: EtcdClient, signal: AbortSignal): Promise<Source> {
  const asked = client.endpoints.map(async (endpoint) => ({
    endpoint,
    ...(await client.status(endpoint, { signal })),
  }));
  const answers = await Promise.allSettled(asked);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const [best] = found
    .filter(({ learner }) => !learner)
    .map(({ endpoint, leader, appliedIndex }) => ({ endpoint, hasLeader: leader !== 0n, appliedIndex }))
    .sort((a, b) => Number(b.hasLeader) - Number(a.hasLeader) || b.appliedIndex - a.appliedIndex);
  if (best !== undefined) return best;
  throw answers.find((answer) => answer.status === 'rejected')?.reason ?? new Error('no member was asked');
}
