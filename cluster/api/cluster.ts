import { ClusterError, type ClusterErrorCode } from '../errors.js';
import { addedMemberId } from '../members/ids.js';
import { checkMayAddVoter, checkMayPromote, checkMayRemoveVoter } from '../members/reconfiguration.js';
import { idText, type MemberId, memberId } from '../numbers.js';
import type { Member, MemberChange } from '../operations/members.js';
import { parseAddress } from '../transport/address.js';
import { fromId, toId, type Wide } from '../wire/long.js';
import type { clusterMethods } from '../wire/services.js';
import { codeOfText, statusOf } from '../wire/status.js';
import type { CallContext } from './context.js';
import type { Desk } from './desk.js';
import { handOver } from './hand-over.js';
import { checkQuorumAfterAdding, checkQuorumAfterRemoving } from './member-health.js';
import type { Handlers } from './services.js';

const memberMessage = ({ id, name, peerUrls, clientUrls, isLearner }: Member) => ({
  ID: fromId(id),
  name,
  peerURLs: [...peerUrls],
  clientURLs: [...clientUrls],
  isLearner,
});

/** A leader that is to leave hands over first, if it can be done soon: its removal would do that later, less gently. */
const handOverMs = 2000;

/** etcdserverpb.Cluster */
export function clusterHandlers(desk: Desk): Handlers<typeof clusterMethods> {
  const { consensus, members, permissions, reconfiguration } = desk.state;
  const { strict, learnersMax } = reconfiguration;

  const checkAdmin = (context: CallContext): Promise<void> =>
    desk.read(context, (caller) => permissions.checkAdmin(caller));

  /** As in etcd: the members have nothing to do with the store's revision. */
  const answer = (all: readonly Member[]) => ({
    header: { ...desk.header(), revision: 0 },
    members: all.map(memberMessage),
  });

  async function change(action: MemberChange, context: CallContext): Promise<readonly Member[]> {
    const { result } = await desk.propose(action, 'members', context);
    return result.members;
  }

  async function promote(id: MemberId, context: CallContext): Promise<readonly Member[]> {
    await checkAdmin(context);
    await reconfiguration.checkLearnerIsReady(id);
    if (strict) checkMayPromote(members.list());
    return change({ kind: 'member-promote', id, strict }, context);
  }

  return {
    async memberAdd({ peerURLs, isLearner = false }, context) {
      const peerUrls = peerUrlsOf(peerURLs);
      await checkAdmin(context);
      if (strict && !isLearner) checkMayAddVoter(members.list());
      if (strict) checkQuorumAfterAdding(desk.state);
      const id = addedMemberId(peerUrls, reconfiguration.now());
      const all = await change({ kind: 'member-add', id, peerUrls, isLearner, learnersMax, strict }, context);
      return { ...answer(all), member: memberMessage({ id, name: '', peerUrls, clientUrls: [], isLearner }) };
    },

    async memberRemove({ ID }, context) {
      const id = idOf(ID);
      await checkAdmin(context);
      if (strict && members.member(id)?.isLearner !== true) {
        checkMayRemoveVoter(members.list(), id);
        checkQuorumAfterRemoving(desk.state, id);
      }
      await handOver(desk.state, id, handOverMs, context.signal);
      return answer(await change({ kind: 'member-remove', id, strict }, context));
    },

    async memberUpdate({ ID, peerURLs }, context) {
      await checkAdmin(context);
      const id = idOf(ID);
      // As etcd: who it is about comes before what is said of them.
      if (members.member(id) === undefined)
        throw new ClusterError('member-not-found', `there is no member ${idText(id)}`);
      return answer(await change({ kind: 'member-update', id, peerUrls: peerUrlsOf(peerURLs) }, context));
    },

    async memberPromote({ ID }, context) {
      try {
        const all = await promote(idOf(ID), context);
        desk.state.measures.promotions += 1;
        return answer(all);
      } catch (error) {
        desk.state.measures.promotionFailed(promotionReason(error));
        throw error;
      }
    },

    async memberList({ linearizable }, context) {
      if (linearizable) await consensus.linearize(context.signal);
      await desk.checkNamed(context);
      return answer(members.list());
    },
  };
}

/** What etcd says inside where clients are told otherwise: that is what it counts. */
const insideTexts: Readonly<Partial<Record<ClusterErrorCode, string>>> = {
  'member-not-found': 'membership: ID not found',
  'not-learner': 'membership: can only promote a learner member',
  'permission-denied': 'auth: permission denied',
};

/** One of a closed set, since it becomes a label. */
function promotionReason(error: unknown): string {
  if (!(error instanceof ClusterError)) return 'internal error';
  const { text } = statusOf(error);
  return insideTexts[error.code] ?? (codeOfText(text) === undefined ? error.code : text);
}

const idOf = (field: Wide | null | undefined): MemberId => memberId(BigInt.asUintN(64, toId(field)));

/** In order, as etcd keeps them. @throws ClusterError member-urls-refused */
function peerUrlsOf(given: readonly string[] | null | undefined): readonly string[] {
  try {
    if (!given?.length) throw new ClusterError('invalid-argument', 'no valid URLs given');
    return given.map((url) => parseAddress(url).text).sort();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ClusterError('member-urls-refused', why, { given }, { cause });
  }
}
