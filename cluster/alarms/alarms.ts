import { ClusterError } from '../errors.js';
import { idText, memberId } from '../numbers.js';
import type { Action } from '../operations/action.js';
import type { Alarm, AlarmKind, MaintenanceOperation } from '../operations/maintenance.js';
import type { Table, TableSource } from '../tables.js';
import { etcdserverpb } from '../wire/generated/messages.js';
import { fromId, toId } from '../wire/long.js';
import { costOf } from './cost.js';

const { AlarmType } = etcdserverpb;
const numbers: Readonly<Record<AlarmKind, number>> = { 'no-space': AlarmType.NOSPACE, corrupt: AlarmType.CORRUPT };
const kinds = Object.keys(numbers) as readonly AlarmKind[];

/** etcd's enum, both ways; undefined for NONE and for numbers that it does not have. */
export const alarmNumber = (kind: AlarmKind): number => numbers[kind];
export const alarmOfNumber = (number: number): AlarmKind | undefined => kinds.find((kind) => numbers[kind] === number);

/** etcd's name of it. */
export const alarmText = (kind: AlarmKind): string => AlarmType[numbers[kind]] ?? kind;

/** What the KV and Lease services do, and a member with damaged data must not. */
const touchesData: ReadonlySet<Action['kind']> = new Set<Action['kind']>([
  'put',
  'delete-range',
  'txn',
  'compact',
  'lease-grant',
  'lease-revoke',
]);

/**
 * The alarms that are raised: table `alarms`, etcd's AlarmMember message -> itself. As long as there are any, every
 * member refuses what makes matters worse, each at the same entries.
 */
export class Alarms {
  #table: Table;
  #raised: readonly Alarm[] = [];

  constructor(tables: TableSource) {
    this.#table = tables('alarms');
    this.#read();
  }

  /** By alarm, then by member. */
  list(kind?: AlarmKind): readonly Alarm[] {
    return kind === undefined ? this.#raised : this.#raised.filter(({ alarm }) => alarm === kind);
  }

  isRaised(kind: AlarmKind): boolean {
    return this.#raised.some(({ alarm }) => alarm === kind);
  }

  /** Before an action is carried out. @throws ClusterError corrupt, no-space */
  checkAction(action: Action): void {
    if (this.#raised.length === 0) return;
    if (touchesData.has(action.kind)) this.checkRead();
    if (this.isRaised('no-space') && costOf(action) > 0) throw noSpace(this.list('no-space'));
  }

  /** Before keys or leases are read. @throws ClusterError corrupt */
  checkRead(): void {
    if (this.#raised.length === 0 || !this.isRaised('corrupt')) return;
    const members = membersOf(this.list('corrupt'));
    throw new ClusterError('corrupt', `the data of member ${members} is not what the others have`, { members });
  }

  /** Answers which alarm changed; none when all was so already. */
  apply({ change, member, alarm }: Extract<MaintenanceOperation, { kind: 'alarm' }>): readonly Alarm[] {
    const key = tableKey({ member, alarm });
    const raised = this.#table.get(key) !== undefined;
    if (change === 'disarm' && !raised) return [];
    if (change === 'disarm') this.#table.delete(key);
    else if (!raised) this.#table.put(key, key);
    this.#read();
    return [{ member, alarm }];
  }

  /** Goes over to the table of an installed snapshot. */
  reload(tables: TableSource): void {
    this.#table = tables('alarms');
    this.#read();
  }

  #read(): void {
    this.#raised = [...this.#table.range()].map(([key]) => alarmOf(key)).sort(inOrder);
  }
}

export const noSpace = (alarms: readonly Alarm[]): ClusterError =>
  new ClusterError(
    'no-space',
    `the store of member ${membersOf(alarms)} has reached its quota`,
    {},
    {
      hint: 'compact, defragment every member, then disarm: etcdctl compaction, defrag, alarm disarm',
    },
  );

const membersOf = (alarms: readonly Alarm[]): string => alarms.map(({ member }) => idText(member)).join(', ');

const inOrder = (a: Alarm, b: Alarm): number =>
  numbers[a.alarm] - numbers[b.alarm] || (a.member < b.member ? -1 : a.member > b.member ? 1 : 0);

const tableKey = ({ member, alarm }: Alarm): Uint8Array =>
  etcdserverpb.AlarmMember.encode({ memberID: fromId(member), alarm: numbers[alarm] }).finish();

function alarmOf(key: Uint8Array): Alarm {
  const { memberID, alarm: number } = etcdserverpb.AlarmMember.decode(key);
  const alarm = alarmOfNumber(number);
  if (alarm === undefined) throw new Error(`the table of alarms holds one with the number ${number}`);
  return { member: memberId(BigInt.asUintN(64, toId(memberID))), alarm };
}
