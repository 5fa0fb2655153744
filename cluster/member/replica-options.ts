import type { Tokens } from '../auth/tokens.js';
import type { Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import type { DriverOptions } from '../driver/parts.js';
import type { ConsensusLimits } from '../driver/raft-consensus.js';
import type { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Measures } from '../measures.js';
import type { Member } from '../members/members.js';
import type { AccessDeclaration } from '../operations/auth.js';
import type { PeerNetwork } from '../transport/network.js';
import type { LookUp } from './acquaintances.js';
import type { DataDir, Identity } from './data-dir.js';

// What a replica is given, and what it gives on.

/** Of how many changes a slice of a compaction is, and how long others have the loop between two. */
export interface CompactionPace {
  readonly changes: number;
  readonly pauseMs: number;
}

export interface ReplicaOptions {
  readonly dir: DataDir;
  readonly identity: Identity;
  /** Of a first start: the cluster that it founds, or joins. */
  readonly initialMembers: readonly Member[];
  /** --initial-cluster-state=existing, without data: the cluster's state is to be sent to it. */
  readonly isJoining?: boolean;
  /** See Acquaintances. */
  readonly lookUpMembers?: LookUp;
  /** --force-new-cluster */
  readonly forceNewCluster?: boolean;
  readonly access: AccessDeclaration | undefined;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  /** See DriverOptions. */
  readonly snapshotEntries: number;
  /** See DriverOptions; etcd's 5000 unless told otherwise. */
  readonly catchUpEntries?: number;
  readonly compaction?: CompactionPace;
  readonly disk: Disk;
  readonly network: PeerNetwork;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly tokens: Tokens;
  readonly logger: Logger;
  readonly measures?: Measures;
  /** --warning-apply-duration */
  readonly slowApplyMs?: number;
  /** See BackendOptions.inline. */
  readonly inlineState?: boolean;
  /** The disk failed, or an invariant broke: this replica has stopped, and its process should. */
  readonly onFailure: (error: ClusterError) => void;
}

/** A slice of a compaction: a few milliseconds of work, that often. */
export const usualCompaction: CompactionPace = { changes: 500, pauseMs: 20 };

export const consensusLimits = (electionMs: number): ConsensusLimits => ({
  electionMs,
  requestTimeoutMs: 5000 + 2 * electionMs,
  applyLagMax: 5000,
  waitingMax: 50_000,
  sweepMs: 100,
});

export const driverOptions = ({
  heartbeatMs,
  snapshotEntries,
  catchUpEntries = 5000,
  slowApplyMs = 100,
}: ReplicaOptions): DriverOptions => ({
  tickMs: heartbeatMs,
  commitMs: 100,
  pendingBytesMax: 64 << 20,
  snapshotEntries,
  catchUpEntries,
  inboxMax: 16_384,
  slowApplyMs,
});
