import type { AuthRevision, MemberId, Revision } from '../numbers.js';
import type { AccessDeclaration, AuthOperation } from './auth.js';
import type { DeleteRange, DeleteRangeResult, Put, PutResult, Txn, TxnResult } from './kv.js';
import type { LeaseAction } from './lease.js';
import type { Alarm, MaintenanceOperation } from './maintenance.js';
import type { Member, MemberChange } from './members.js';

/** Everything that goes through the log. */
export type Action =
  | Put
  | DeleteRange
  | Txn
  /** `own`: a member's doing, not a client's. */
  | { readonly kind: 'compact'; readonly revision: Revision; readonly own?: true }
  | AuthOperation
  | LeaseAction
  | MaintenanceOperation
  | MemberChange
  /** A member says what it is called and where clients reach it, when it starts. */
  | {
      readonly kind: 'member-attributes';
      readonly id: MemberId;
      readonly name: string;
      readonly clientUrls: readonly string[];
    }
  /** Applied once in a cluster's life; later ones change nothing. */
  | { readonly kind: 'bootstrap'; readonly access: AccessDeclaration | undefined };

/** Who asks, as authenticated before the proposal; undefined: nobody (auth is off, or no credentials were shown). */
export interface Caller {
  readonly user: string;
  /** The auth revision that the identity was established at; an older one at apply is `auth-old-revision`. */
  readonly authRevision: AuthRevision;
}

export type ActionResult =
  | PutResult
  | DeleteRangeResult
  | TxnResult
  /** Of `authenticate`: the whole token, for the client. */
  | { readonly kind: 'authenticated'; readonly token: string }
  /** Of `alarm`: the one that it changed, if any. */
  | { readonly kind: 'alarms'; readonly alarms: readonly Alarm[] }
  /** Of a change of the members: who they are now. */
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  | { readonly kind: 'done' };

/** What a proposal came to: `revision` is the store's right after it. */
export interface Outcome {
  readonly result: ActionResult;
  readonly revision: Revision;
}
