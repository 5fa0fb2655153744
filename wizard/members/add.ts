import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError, type EtcdClient, type MemberInfo } from '#cluster';
import { peerUrl } from '../artifacts/member-settings.js';
import { WizardError } from '../errors.js';
import { withMember } from '../plan/edit-text.js';
import { parsePlanText } from '../plan/parse.js';
import type { Member, Plan } from '../plan/plan.js';
import { printPlan } from '../plan/print.js';
import { checkPorts } from '../run/checks.js';
import { connectAsRoot } from '../run/cluster-client.js';
import { commandOf } from '../run/engine.js';
import { startMember } from '../run/member-process.js';
import { pidToActOn } from '../run/pid-file.js';
import { editPlan } from '../users/edit-plan.js';
import { leaderOf, liveMember } from './live.js';
import { patiently } from './patiently.js';

export interface AddMemberOptions {
  /** Absolute. */
  readonly dir: string;
  readonly member: Omit<Member, 'addresses'>;
  readonly signal: AbortSignal;
  /** Makes DIR match the plan. */
  readonly match: (plan: Plan) => Promise<void>;
  readonly progress: (text: string) => void;
}

/** How far it has come. */
export type Added = 'voter' | 'waits-for-start';

const promotedWithinMs = 120_000;
const lookMs = 200;

/**
 * Adds a member to a cluster that runs: as a learner first, which counts for no quorum until it has what the leader has. Each step
 * looks for itself at what is left to do, so that the same call goes on where another one ended.
 * @throws WizardError `plan-refused`, `busy`, `unhealthy` · ClusterError what the cluster says
 */
export async function addMember(options: AddMemberOptions, plan: Plan): Promise<Added> {
  const { dir, signal, match, progress } = options;
  const member: Member = { ...options.member, addresses: [], joins: true };
  const known = plan.members.find(({ name }) => name === member.name);
  if (known !== undefined && peerUrl(known) !== peerUrl(member)) throw otherAddress(known);
  // What is no plan is refused before the cluster hears of it.
  if (known === undefined) parsePlanText(withMember(printPlan(plan), lineOf(member)), 'the plan');
  const isHere = plan.cluster.run === 'local';
  const runs = isHere && (await pidToActOn(dir, member.name)) !== undefined;
  if (isHere && !runs) await checkPorts([member]);
  const client = await connectAsRoot(plan, dir);
  try {
    progress(`adding ${member.name} as a learner`);
    await patiently(
      async () => liveMember(await client.memberList({ signal }), member) !== undefined,
      () => client.memberAdd([peerUrl(member)], true, { signal }),
      options,
    );
    const next = known === undefined ? await editPlan(dir, (text) => withMember(text, lineOf(member))) : plan;
    await match(next);
    if (runs || !isHere) return await promoted(client, member, isHere, options);
    progress(`starting ${member.name}`);
    const { ended } = await startMember(dir, member.name, await commandOf(next, member, dir));
    return await Promise.race([
      promoted(client, member, isHere, options),
      ended.then((error) => Promise.reject(error)),
    ]);
  } finally {
    client.close();
  }
}

const lineOf = ({ name, host, clientPort, peerPort }: Member) => ({
  name,
  host,
  clientPort,
  peerPort,
  joins: true as const,
});

function otherAddress({ name, host, peerPort }: Member): WizardError {
  const hint = `quorate member replace ${name}, with another address; or choose another name`;
  return new WizardError(
    'answer-refused',
    `${name} is in the plan already, at ${host} with the peer port ${peerPort}`,
    { name },
    { hint },
  );
}

/** @param waits whether it runs here: then it is only a matter of time */
async function promoted(
  client: EtcdClient,
  member: Member,
  waits: boolean,
  { signal, progress }: AddMemberOptions,
): Promise<Added> {
  const deadline = Date.now() + promotedWithinMs;
  for (;;) {
    const live = liveMember(await client.memberList({ signal }), member);
    if (live === undefined) throw new WizardError('unhealthy', `the cluster has no ${member.name} any more`, {}, {});
    if (!live.learner) return 'voter';
    if (await tryToPromote(client, live, signal)) return 'voter';
    if (!waits) return 'waits-for-start';
    if (Date.now() > deadline) {
      const hint = 'look at its log in DIR/run, then type the same command again: it goes on';
      throw new WizardError(
        'unhealthy',
        `${member.name} has not caught up within ${promotedWithinMs / 1000} s`,
        {},
        { hint },
      );
    }
    progress(`${member.name} catches up`);
    await delay(lookMs, undefined, { signal });
  }
}

async function tryToPromote(client: EtcdClient, { id }: MemberInfo, signal: AbortSignal): Promise<boolean> {
  try {
    const leader = await leaderOf(client, signal);
    if (leader === undefined) return false;
    await client.memberPromote(leader, id, { signal });
    return true;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.code === 'not-learner') return true;
    if (['learner-not-ready', 'unhealthy', 'timeout', 'no-leader', 'not-leader'].includes(error.code)) return false;
    throw error;
  }
}
