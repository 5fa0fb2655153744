import type { MemberId } from '../numbers.js';

/** A server of the cluster, as the cluster knows it. */
export interface Member {
  readonly id: MemberId;
  /** '' until the member has started and said so. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Empty until the member has started and said so. */
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/**
 * Changes of who belongs to the cluster. `strict` (--strict-reconfig-check) refuses what would leave fewer started members
 * than a majority. Ids are decided before the proposal: etcd's hold the time.
 */
export type MemberChange =
  | {
      readonly kind: 'member-add';
      readonly id: MemberId;
      readonly peerUrls: readonly string[];
      readonly isLearner: boolean;
      /** --max-learners */
      readonly learnersMax: number;
      readonly strict: boolean;
    }
  | { readonly kind: 'member-remove'; readonly id: MemberId; readonly strict: boolean }
  | { readonly kind: 'member-update'; readonly id: MemberId; readonly peerUrls: readonly string[] }
  | { readonly kind: 'member-promote'; readonly id: MemberId; readonly strict: boolean }
  /** --force-new-cluster: all others are removed, whatever a majority would have said. */
  | { readonly kind: 'member-keep'; readonly id: MemberId };

const kinds: ReadonlySet<string> = new Set<MemberChange['kind']>([
  'member-add',
  'member-remove',
  'member-update',
  'member-promote',
  'member-keep',
]);

export const isMemberChange = (action: { readonly kind: string }): action is MemberChange => kinds.has(action.kind);

/** Changes of the members go through the log as entries of a kind of their own: raft orders them, and acts on them. */
export const entryKindOf = (action: { readonly kind: string }): 'command' | 'membership' =>
  isMemberChange(action) ? 'membership' : 'command';
