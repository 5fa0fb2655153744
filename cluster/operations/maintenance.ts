import type { MemberId } from '../numbers.js';

export type AlarmKind = 'no-space' | 'corrupt';

/** What a member has found wrong with its state; the whole cluster acts on it until it is disarmed. */
export interface Alarm {
  readonly member: MemberId;
  readonly alarm: AlarmKind;
}

export type MaintenanceOperation =
  /** `raise` is a member's own doing; `activate` and `disarm` are asked for by an administrator. */
  | ({ readonly kind: 'alarm'; readonly change: 'raise' | 'activate' | 'disarm' } & Alarm)
  /** The version to go back to, as "3.5.0"; undefined calls it off. */
  | { readonly kind: 'downgrade'; readonly target: string | undefined };
