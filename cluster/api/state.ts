import type { Alarms } from '../alarms/alarms.js';
import type { Permissions } from '../apply/permissions.js';
import type { Auth } from '../auth/auth.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { Passwords } from '../auth/passwords.js';
import type { Consensus } from '../consensus.js';
import type { LeaseKeeper, Leases } from '../lease/index.js';
import type { Maintenance } from '../maintenance/index.js';
import type { Measures } from '../measures.js';
import type { Downgrade } from '../members/downgrade.js';
import type { Members } from '../members/members.js';
import type { LeaseId, MemberId, Revision } from '../numbers.js';
import type { Range, RangeResult, Txn, TxnResult } from '../operations/kv.js';
import type { WatchHub } from '../watch/index.js';
import type { AuditSink } from './audit/record.js';

/** The keys as this member has applied them; store/'s Kv is one. */
export interface KeyReads {
  readonly revision: Revision;
  /** 0: nothing was compacted. */
  readonly compactedRevision: Revision;
  /** @throws ClusterError compacted, future-revision */
  range(range: Range): RangeResult;
  keysOf(lease: LeaseId): readonly Uint8Array[];
  /** The handlers give it only transactions that read and nothing else. @throws what `range` throws */
  apply(readOnly: Txn): TxnResult;
}

/** The file of this member's state, in bytes. */
export interface Storage {
  size(): number;
  sizeInUse(): number;
  /** Gives the free pages of the file back. @throws ClusterError disk-full */
  defragment(): Promise<void>;
  /** --quota-backend-bytes: at this size NOSPACE is raised. Undefined: none. */
  readonly quota: number | undefined;
  /** Views and copies that hold on to a state of the file. */
  openReads(): number;
}

/** One of etcd's feature gates that stands for something here. */
export interface Feature {
  readonly name: string;
  readonly stage: 'ALPHA' | 'BETA';
  readonly enabled: boolean;
}

/** What changes of the members are decided by besides the replicated state. */
export interface Reconfiguration {
  /** --strict-reconfig-check */
  readonly strict: boolean;
  /** --max-learners */
  readonly learnersMax: number;
  /** Seconds since 1970: they go into the id of a member that is added. */
  now(): number;
  /** For how long this member has been connected to the other without a break; 0 when it is not. */
  connectedMs(id: MemberId): number;
  /** @throws ClusterError learner-not-ready, member-not-found, no-leader, timeout */
  checkLearnerIsReady(id: MemberId): Promise<void>;
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
  readonly leases: Pick<Leases, 'get' | 'list'>;
  readonly leaseKeeper: Pick<LeaseKeeper, 'renew' | 'remaining' | 'inOrder'>;
  /** The least that a lease is granted: half as long again as an election takes. */
  readonly leaseSecondsMin: number;
  readonly members: Members;
  readonly reconfiguration: Reconfiguration;
  /** Whether this member counts for nothing yet. */
  readonly isLearner: () => boolean;
  readonly alarms: Alarms;
  readonly downgrade: Downgrade;
  /** Copies and checksums of the whole state. */
  readonly maintenance: Pick<Maintenance, 'hash' | 'hashKeys' | 'snapshot'>;
  readonly storage: Storage;
  readonly watches: Pick<WatchHub, 'open' | 'size' | 'pendingEvents'>;
  /** Between progress notices to watchers that asked for them. */
  readonly watchProgressMs: number;
  readonly txnOpsMax: number;
  /** --feature-gates */
  readonly features: readonly Feature[];
  readonly measures: Measures;
  /** --audit-log; undefined: none is kept. */
  readonly audit: AuditSink | undefined;
  /** Proposals of this member that wait to be applied. */
  readonly pendingProposals: () => number;
  /** Quorate's own, besides the version of etcd that the API follows. */
  readonly version: string;
}
