import type { ProposalId } from '../apply/command.js';
import type { Clock } from '../clock.js';
import type { ClusterError } from '../errors.js';
import type { Log } from '../log/log.js';
import type { Logger } from '../logger.js';
import type { Measures } from '../measures.js';
import type { MemberId, Term } from '../numbers.js';
import type { Raft } from '../raft/raft.js';
import type { Entry, Role } from '../raft/types.js';
import type { PeerNetwork } from '../transport/network.js';
import type { StateMachine } from './machine.js';
import type { Reads } from './reads.js';
import type { Snapshots } from './snapshots.js';
import type { TrimOptions } from './state-commits.js';

export interface DriverOptions extends TrimOptions {
  readonly tickMs: number;
  /** How long applied changes may wait before they are handed to the state's disk. */
  readonly commitMs: number;
  readonly pendingBytesMax: number;
  /** Messages from peers that wait for the next turn; more are dropped, raft repeats them. */
  readonly inboxMax: number;
  readonly slowApplyMs: number;
}

export interface DriverParts {
  readonly raft: Raft;
  readonly log: Log;
  readonly machine: StateMachine;
  readonly network: PeerNetwork;
  readonly snapshots: Snapshots;
  readonly reads: Reads;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly measures: Measures;
  /** Whether anybody still waits for it. */
  awaited(id: ProposalId): boolean;
  /** A proposal that raft will not take now or ever; it was not appended anywhere. */
  refuse(id: ProposalId, reason: 'full'): void;
  /** An entry took longer to apply than `slowApplyMs`. */
  onSlowApply(entry: Entry, tookMs: number): void;
  /** After every turn that changed role, term or leader. */
  onStanding(standing: Standing): void;
  /** The disk failed: nothing more can be promised. Called once. */
  onFailure(error: ClusterError): void;
}

export interface Standing {
  readonly role: Role;
  readonly term: Term;
  readonly leader: MemberId;
}

export interface Proposal {
  readonly kind: 'command' | 'membership';
  readonly id: ProposalId;
  readonly data: Uint8Array;
}
