import type { Applied } from '../apply/applier.js';
import type { Tokens } from '../auth/tokens.js';
import type { Cancel, Clock } from '../clock.js';
import type { Disk } from '../disk.js';
import { Driver } from '../driver/driver.js';
import type { DriverOptions, Standing } from '../driver/parts.js';
import { type ConsensusLimits, RaftConsensus } from '../driver/raft-consensus.js';
import { Reads } from '../driver/reads.js';
import { Snapshots } from '../driver/snapshots.js';
import { ClusterError } from '../errors.js';
import { Log } from '../log/log.js';
import type { Logger } from '../logger.js';
import type { Member } from '../members/members.js';
import { idText, type MemberId, noMember } from '../numbers.js';
import type { AccessDeclaration } from '../operations/auth.js';
import { Proposals } from '../proposals.js';
import { Raft } from '../raft/raft.js';
import type { PeerNetwork } from '../transport/network.js';
import type { DataDir, Identity } from './data-dir.js';
import { openLog } from './log-opening.js';
import { proposeUntilApplied } from './own-proposals.js';
import { State } from './state.js';

export interface ReplicaOptions {
  readonly dir: DataDir;
  readonly identity: Identity;
  readonly initialMembers: readonly Member[];
  readonly access: AccessDeclaration | undefined;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  /** See DriverOptions. */
  readonly snapshotEntries: number;
  /** See DriverOptions; etcd's 5000 unless told otherwise. */
  readonly catchUpEntries?: number;
  readonly disk: Disk;
  readonly network: PeerNetwork;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly tokens: Tokens;
  readonly logger: Logger;
  /** See BackendOptions.inline. */
  readonly inlineState?: boolean;
  /** The disk failed, or an invariant broke: this replica has stopped, and its process should. */
  readonly onFailure: (error: ClusterError) => void;
}

/** How soon a new cluster's first member asks for votes again, until there is a leader. */
const firstCampaignMs = 20;

/** A slice of a compaction that often. */
const compactionMs = 20;

const limits = (electionMs: number): ConsensusLimits => ({
  requestTimeoutMs: 5000 + 2 * electionMs,
  applyLagMax: 5000,
  waitingMax: 50_000,
  sweepMs: 100,
});

const driverOptions = ({ heartbeatMs, snapshotEntries, catchUpEntries = 5000 }: ReplicaOptions): DriverOptions => ({
  tickMs: heartbeatMs,
  commitMs: 100,
  pendingBytesMax: 64 << 20,
  snapshotEntries,
  catchUpEntries,
  inboxMax: 16_384,
});

/** Log, state and raft of one member, driven. Knows its peers by the network it was given, and nothing of clients. */
export class Replica {
  readonly state: State;
  readonly consensus: RaftConsensus;
  /** Resolves once the cluster's initial access is applied here: before that nobody may be answered. */
  readonly bootstrapped: Promise<void>;
  readonly #options: ReplicaOptions;
  readonly #log: Log;
  readonly #driver: Driver;
  readonly #isNew: boolean;
  readonly #cancelCompaction: Cancel;
  #cancelCampaign: Cancel = () => {};
  #halted = false;
  #noteBootstrapped: () => void = () => {};
  #bootstrapProposed = false;

  /** @throws ClusterError data-dir-refused, log-damaged, store-damaged, disk-full */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { dir, identity, initialMembers, tokens, disk } = options;
    const proposals = new Proposals(identity.memberId, drawCount(options.random));
    let replica: Replica | undefined;
    const onApplied = ({ proposal, outcome }: Applied) => {
      proposals.settle(proposal, outcome);
      replica?.noteBootstrap();
    };
    const onReplaced = () => replica?.noteBootstrap();
    const state = await State.open(dir, { tokens, onApplied, onReplaced, inline: options.inlineState ?? false });
    try {
      // The log comes last: once it is there the state is whole.
      const isFirstStart = state.appliedIndex === 0 && !(await Log.exists(disk, dir.log));
      if (isFirstStart) await state.initialise(initialMembers);
      const voters = initialMembers.map(({ id }) => id);
      const { log, isNew } = await openLog(disk, dir, identity, voters, state.appliedIndex);
      const snapshots = new Snapshots(dir.snapshots, state, log);
      await snapshots.finishInterrupted();
      replica = new Replica(options, { state, log, isNew, snapshots, proposals });
      return replica;
    } catch (error) {
      await state.close();
      throw error;
    }
  }

  private constructor(
    options: ReplicaOptions,
    parts: { state: State; log: Log; isNew: boolean; snapshots: Snapshots; proposals: Proposals },
  ) {
    const { identity, clock, random, logger, network, electionMs } = options;
    const { state, log, isNew, snapshots, proposals } = parts;
    this.#options = options;
    this.state = state;
    this.#log = log;
    this.#isNew = isNew;
    const reads = new Reads(drawCount(random), 500);
    this.#driver = new Driver(
      {
        raft: raftOf(options, log, state),
        log,
        machine: state,
        network,
        snapshots,
        reads,
        clock,
        logger,
        awaited: (id) => proposals.has(id),
        refuse: (id) => proposals.settle(id, new ClusterError('too-many-requests', 'the log has too much under way')),
        onStanding: (standing) => this.#standingChanged(standing),
        onFailure: (error) => this.#failed(error),
      },
      driverOptions(options),
    );
    const { clusterId, memberId } = identity;
    this.consensus = new RaftConsensus(
      { driver: this.#driver, machine: state, proposals, reads, clock, clusterId, memberId },
      limits(electionMs),
    );
    this.bootstrapped = new Promise((resolve) => {
      this.#noteBootstrapped = resolve;
    });
    this.noteBootstrap();
    this.#cancelCompaction = clock.every(compactionMs, () => this.#compactStep());
  }

  get standing(): Standing {
    return this.#driver.standing;
  }

  /** Resolves once what was compacted is gone from the tables. @throws ClusterError cancelled, stopped */
  async compactionDone(signal: AbortSignal): Promise<void> {
    while (this.state.keys.compactionPending) {
      if (this.#halted)
        throw new ClusterError('stopped', 'this member is stopping; the compaction goes on at its next start');
      if (signal.aborted) throw new ClusterError('cancelled', 'the caller gave the compaction up; it goes on');
      await new Promise<void>((resolve) => void this.#options.clock.after(compactionMs, resolve));
    }
  }

  /** Asks the leader to let the member lead; nothing is promised. */
  transferLeadership(to: MemberId): void {
    this.#driver.transferLeadership(to);
  }

  start(): void {
    this.#driver.start();
    if (this.#isNew && this.#isFirst) this.#campaignUntilThereIsALeader();
  }

  async close(): Promise<void> {
    this.consensus.stop(new ClusterError('stopped', 'this member is stopping'));
    this.#halt();
    try {
      await this.#driver.stop();
    } finally {
      await this.#log.close();
      await this.state.close();
    }
  }

  #halt(): void {
    this.#halted = true;
    this.#cancelCompaction();
    this.#cancelCampaign();
  }

  #compactStep(): void {
    try {
      this.state.compactStep();
    } catch (error) {
      this.#driver.fail(error);
    }
  }

  /** To be called when an entry was applied. */
  noteBootstrap(): void {
    if (this.state.auth.bootstrapped) this.#noteBootstrapped();
  }

  /** One member of a new cluster need not wait for an election timeout; all would only get in each other's way. */
  get #isFirst(): boolean {
    const { identity, initialMembers } = this.#options;
    return initialMembers.every(({ id }) => id >= identity.memberId);
  }

  #campaignUntilThereIsALeader(): void {
    if (this.standing.leader !== noMember || this.standing.term > 1) return;
    this.#driver.campaign();
    this.#cancelCampaign = this.#options.clock.after(firstCampaignMs, () => this.#campaignUntilThereIsALeader());
  }

  #standingChanged({ role, term, leader }: Standing): void {
    const { logger, identity, clock, access } = this.#options;
    logger.info('raft standing changed', {
      'local-member-id': identity.memberId,
      role,
      term,
      leader: leader === noMember ? 'none' : idText(leader),
    });
    this.consensus.leaderIs(leader);
    if (role !== 'leader' || this.state.auth.bootstrapped || this.#bootstrapProposed) return;
    this.#bootstrapProposed = true;
    void proposeUntilApplied({ consensus: this.consensus, clock, logger }, { kind: 'bootstrap', access });
  }

  #failed(error: ClusterError): void {
    // Whether what is under way has become durable is not known: clients hear that this member stopped, not how the disk is.
    this.consensus.stop(new ClusterError('stopped', 'this member is stopping: it can not go on', {}, { cause: error }));
    this.#halt();
    this.#options.onFailure(error);
  }
}

function raftOf({ identity, random, heartbeatMs, electionMs }: ReplicaOptions, log: Log, state: State): Raft {
  return new Raft({
    id: identity.memberId,
    log,
    hardState: log.hardState(),
    membership: log.mark().membership,
    applied: state.appliedIndex,
    electionTicks: Math.max(2, Math.round(electionMs / heartbeatMs)),
    heartbeatTicks: 1,
    random,
    appendBytesMax: 1 << 20,
    inFlightMax: 256,
  });
}

/** A number that an earlier life of this member did not count up to. */
const drawCount = (random: () => number): number => Math.floor(random() * 2 ** 47);
