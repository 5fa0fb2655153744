import { ClusterError } from '../errors.js';
import { noMember } from '../numbers.js';
import { etcdserverpb } from '../wire/generated/messages.js';
import { fromId } from '../wire/long.js';
import type { maintenanceMethods } from '../wire/services.js';
import { statusOf } from '../wire/status.js';
import type { Desk } from './desk.js';
import type { Handlers } from './services.js';
import { etcdVersion } from './version.js';

const noLeader = statusOf(new ClusterError('no-leader', 'no leader')).text;

/** etcdserverpb.Maintenance */
export function maintenanceHandlers(desk: Desk): Handlers<typeof maintenanceMethods, 'status' | 'alarm'> {
  const { consensus, members, storage } = desk.state;
  return {
    /** This member's own view, at once. */
    async status(_, context) {
      await desk.checkNamed(context);
      const { memberId, leader, term, commitIndex, appliedIndex } = consensus.status();
      return {
        header: desk.header(),
        version: etcdVersion,
        storageVersion: etcdVersion,
        dbSize: storage.size(),
        dbSizeInUse: storage.sizeInUse(),
        leader: fromId(leader),
        raftTerm: term,
        raftIndex: commitIndex,
        raftAppliedIndex: appliedIndex,
        isLearner: members.member(memberId)?.isLearner ?? false,
        errors: leader === noMember ? [noLeader] : [],
      };
    },

    /** No alarm exists that could be raised, so none is ever listed. */
    async alarm({ action }, context) {
      await desk.checkNamed(context);
      if (action === etcdserverpb.AlarmRequest.AlarmAction.GET) return { header: desk.header(), alarms: [] };
      throw new ClusterError('unimplemented', 'quorate: alarms can be listed, not raised or disarmed');
    },
  };
}
