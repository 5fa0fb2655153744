import type { Permissions } from '../apply/permissions.js';
import type { Auth } from '../auth/auth.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { Passwords } from '../auth/passwords.js';
import type { Consensus } from '../consensus.js';
import type { Members } from '../members/members.js';
import type { Revision } from '../numbers.js';
import type { Range, RangeResult, Txn, TxnResult } from '../operations/kv.js';

/** The keys as this member has applied them; store/'s Kv is one. */
export interface KeyReads {
  readonly revision: Revision;
  /** @throws ClusterError compacted, future-revision */
  range(range: Range): RangeResult;
  /** The handlers give it only transactions that read and nothing else. @throws what `range` throws */
  apply(readOnly: Txn): TxnResult;
}

/** What the handlers work with; the member puts it together. */
export interface ApiState {
  readonly consensus: Consensus;
  readonly kv: KeyReads;
  /** Resolves once what was compacted is gone from the tables. */
  readonly compactionDone: (signal: AbortSignal) => Promise<void>;
  readonly auth: Auth;
  readonly authenticator: Authenticator;
  readonly passwords: Passwords;
  readonly permissions: Permissions;
  readonly members: Members;
  /** In bytes. */
  readonly storage: { size(): number; sizeInUse(): number };
  readonly txnOpsMax: number;
  /** Quorate's own, besides the version of etcd that the API follows. */
  readonly version: string;
}
