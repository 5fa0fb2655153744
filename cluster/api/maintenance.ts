import { alarmNumber, alarmOfNumber } from '../alarms/alarms.js';
import { ClusterError } from '../errors.js';
import { idText, type MemberId, memberId, noMember } from '../numbers.js';
import type { Alarm } from '../operations/maintenance.js';
import { etcdserverpb } from '../wire/generated/messages.js';
import { fromId, toId } from '../wire/long.js';
import type { maintenanceMethods } from '../wire/services.js';
import { statusOf } from '../wire/status.js';
import type { CallContext } from './context.js';
import type { Desk } from './desk.js';
import { clusterVersion, downgradeTarget } from './downgrade.js';
import type { Handlers } from './services.js';
import type { ApiState } from './state.js';
import { etcdVersion } from './version.js';

type Served = 'status' | 'alarm' | 'defragment' | 'moveLeader' | 'downgrade';

const { AlarmAction } = etcdserverpb.AlarmRequest;
const { DowngradeAction } = etcdserverpb.DowngradeRequest;
const noLeader = statusOf(new ClusterError('no-leader', 'no leader')).text;

const memberIdOf = (id: Parameters<typeof toId>[0]): MemberId => memberId(BigInt.asUintN(64, toId(id)));
const alarmMessage = ({ member, alarm }: Alarm) => ({ memberID: fromId(member), alarm: alarmNumber(alarm) });

/** An alarm as Go prints the message, with the space at its end. */
const alarmText = ({ member, alarm }: Alarm): string =>
  `memberID:${member} alarm:${etcdserverpb.AlarmType[alarmNumber(alarm)]} `;

/** What is wrong with this member or its cluster, as `etcdctl endpoint status` shows it. */
const errorsOf = ({ alarms }: ApiState, leader: MemberId): string[] => [
  ...(leader === noMember ? [noLeader] : []),
  ...alarms.list().map(alarmText),
];

/** etcdserverpb.Maintenance */
export function maintenanceHandlers(desk: Desk): Handlers<typeof maintenanceMethods, Served> {
  const { state } = desk;
  const { consensus, members, alarms, permissions, downgrade } = state;
  const checkAdmin = (context: CallContext): Promise<void> =>
    desk.read(context, (caller) => permissions.checkAdmin(caller));

  /** Decided here too: an alarm that a member raises by itself is nobody's. */
  async function changeAlarm(change: 'activate' | 'disarm', request: etcdserverpb.AlarmRequest, context: CallContext) {
    await checkAdmin(context);
    const alarm = alarmOfNumber(request.alarm);
    if (alarm === undefined) return { header: desk.header(), alarms: [] };
    const action = { kind: 'alarm', change, member: memberIdOf(request.memberID), alarm } as const;
    const { result, header } = await desk.propose(action, 'alarms', context);
    return { header, alarms: result.alarms.map(alarmMessage) };
  }

  /** @throws ClusterError wrong-downgrade-version, invalid-downgrade-target, downgrade-in-process */
  async function checkDowngrade(version: string): Promise<string> {
    const target = downgradeTarget(version);
    await consensus.linearize();
    if (downgrade.target === undefined) return target;
    throw new ClusterError('downgrade-in-process', `the cluster is going back to ${downgrade.target} already`);
  }

  return {
    /** This member's own view, at once. */
    async status(_, context) {
      await desk.checkNamed(context);
      const { memberId: id, leader, term, commitIndex, appliedIndex } = consensus.status();
      const { target } = downgrade;
      const { storage } = state;
      return {
        header: desk.header(),
        version: etcdVersion,
        storageVersion: etcdVersion,
        dbSize: storage.size(),
        dbSizeInUse: storage.sizeInUse(),
        dbSizeQuota: storage.quota ?? -1,
        leader: fromId(leader),
        raftTerm: term,
        raftIndex: commitIndex,
        raftAppliedIndex: appliedIndex,
        isLearner: members.member(id)?.isLearner ?? false,
        errors: errorsOf(state, leader),
        downgradeInfo: { enabled: target !== undefined, targetVersion: target ?? '' },
      };
    },

    async alarm(request, context) {
      switch (request.action) {
        case AlarmAction.GET:
          return desk.readLinearized(context, (caller) => {
            permissions.checkNamed(caller);
            return { header: desk.header(), alarms: alarms.list(alarmOfNumber(request.alarm)).map(alarmMessage) };
          });
        case AlarmAction.ACTIVATE:
          return changeAlarm('activate', request, context);
        case AlarmAction.DEACTIVATE:
          return changeAlarm('disarm', request, context);
        default:
          throw new ClusterError('invalid-argument', `there is no action ${request.action} on alarms`);
      }
    },

    /** Without a header in etcd, as is `moveLeader`. */
    async defragment(_, context) {
      await checkAdmin(context);
      await state.storage.defragment();
      return {};
    },

    async moveLeader({ targetID }, context) {
      await checkAdmin(context);
      const { memberId: id, leader } = consensus.status();
      if (leader !== id) throw new ClusterError('not-leader', 'only the leader hands leadership over');
      const to = memberIdOf(targetID);
      if (members.member(to)?.isLearner !== false) {
        throw new ClusterError('bad-leader-transferee', `${idText(to)} is no voting member`, { to: idText(to) });
      }
      await consensus.moveLeader(to, context.signal);
      return {};
    },

    async downgrade({ action, version }, context) {
      await checkAdmin(context);
      if (action === DowngradeAction.VALIDATE) await checkDowngrade(version);
      else if (action === DowngradeAction.ENABLE) {
        await desk.change({ kind: 'downgrade', target: await checkDowngrade(version) }, context);
      } else if (action === DowngradeAction.CANCEL)
        await desk.change({ kind: 'downgrade', target: undefined }, context);
      else throw new ClusterError('invalid-argument', `there is no action ${action} on a downgrade`);
      return { header: desk.header(), version: clusterVersion };
    },
  };
}
