import { alarmNumber, alarmOfNumber } from '../alarms/alarms.js';
import { memberId } from '../numbers.js';
import type { MaintenanceOperation } from '../operations/maintenance.js';
import { quorate } from '../wire/generated/messages.js';
import { fromId, toId } from '../wire/long.js';

// A change of alarms as it lies in the log.

type AlarmOperation = Extract<MaintenanceOperation, { kind: 'alarm' }>;
type Change = AlarmOperation['change'];

const { Change: number } = quorate.AlarmChange;
const numbers: Readonly<Record<Change, number>> = {
  raise: number.RAISE,
  activate: number.ACTIVATE,
  disarm: number.DISARM,
};

export const alarmChangeMessage = ({ change, member, alarm }: AlarmOperation): quorate.AlarmChange.$Properties => ({
  change: numbers[change],
  member: fromId(member),
  alarm: alarmNumber(alarm),
});

export function alarmChangeOf(message: quorate.AlarmChange.$Properties): AlarmOperation {
  const change = (Object.keys(numbers) as Change[]).find((name) => numbers[name] === (message.change ?? 0));
  const alarm = alarmOfNumber(message.alarm ?? 0);
  if (change === undefined || alarm === undefined) {
    throw new Error(`there is no change ${message.change} of an alarm ${message.alarm}`);
  }
  return { kind: 'alarm', change, member: memberId(BigInt.asUintN(64, toId(message.member))), alarm };
}
