import type { EtcdClient, MemberInfo } from '#cluster';
import { peerUrl } from '../artifacts/member-settings.js';
import { WizardError } from '../errors.js';
import type { Member } from '../plan/plan.js';

/** The one that the cluster has at this member's address, started or not. */
export const liveMember = (members: readonly MemberInfo[], member: Member): MemberInfo | undefined =>
  members.find(({ peerUrls }) => peerUrls.includes(peerUrl(member)));

const answerMs = 2_000;

/** Where the leader is; undefined while there is none. */
export async function leaderOf(client: EtcdClient, signal: AbortSignal): Promise<string | undefined> {
  const asked = client.endpoints.map(async (endpoint) => {
    const { leader, header } = await client.status(endpoint, { signal, timeoutMs: answerMs });
    return leader === header.memberId ? endpoint : undefined;
  });
  const found = (await Promise.allSettled(asked)).map((each) => (each.status === 'fulfilled' ? each.value : undefined));
  return found.find((endpoint) => endpoint !== undefined);
}

/**
 * Whether those that stay can go on without somebody.
 * @throws WizardError `unhealthy`
 */
export async function checkQuorumWithout(
  client: EtcdClient,
  members: readonly MemberInfo[],
  { id, learner }: MemberInfo,
  signal: AbortSignal,
): Promise<void> {
  const rest = members.filter((each) => !each.learner && each.id !== id);
  if (rest.length === 0)
    throw new WizardError(
      'unhealthy',
      'it is the last voter: without it there is no cluster',
      {},
      { hint: 'add another one first' },
    );
  if (learner) return;
  const asked = client.endpoints.map((endpoint) => client.status(endpoint, { signal, timeoutMs: answerMs }));
  const answered = (await Promise.allSettled(asked)).flatMap((each) =>
    each.status === 'fulfilled' ? [each.value.header.memberId] : [],
  );
  const well = rest.filter((each) => answered.includes(each.id)).length;
  const needed = Math.floor(rest.length / 2) + 1;
  if (well >= needed) return;
  const what = `without it ${rest.length} voters are left, of which ${well} answer, and ${needed} are needed`;
  throw new WizardError(
    'unhealthy',
    what,
    { well, needed },
    { hint: 'start those that do not run: quorate up; then type it again' },
  );
}
