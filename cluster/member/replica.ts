import { join } from 'node:path';
import type { Applied } from '../apply/applier.js';
import type { Cancel } from '../clock.js';
import { Driver } from '../driver/driver.js';
import type { Standing } from '../driver/parts.js';
import { RaftConsensus } from '../driver/raft-consensus.js';
import { Reads } from '../driver/reads.js';
import { Snapshots } from '../driver/snapshots.js';
import { ClusterError } from '../errors.js';
import { Deadlines, type LeaseKeeper, type Lessor } from '../lease/index.js';
import { Log } from '../log/log.js';
import { Maintenance } from '../maintenance/index.js';
import { Measures } from '../measures.js';
import { idText, type MemberId, noMember } from '../numbers.js';
import { Proposals } from '../proposals.js';
import { Raft } from '../raft/raft.js';
import { Acquaintances } from './acquaintances.js';
import { forceNewCluster } from './forced-cluster.js';
import { type LearnerReadiness, learnerReadiness } from './learner-readiness.js';
import { leasing } from './leasing.js';
import { openLog, restoreBeginning } from './log-opening.js';
import { proposeUntilApplied } from './own-proposals.js';
import { Removal, wasRemoved } from './removal.js';
import {
  type CompactionPace,
  consensusLimits,
  driverOptions,
  type ReplicaOptions,
  usualCompaction,
} from './replica-options.js';
import { slowApplies } from './slow-applies.js';
import { State } from './state.js';

/** How soon a new cluster's first member asks for votes again, until there is a leader. */
const firstCampaignMs = 20;

/** Log, state and raft of one member, driven. Knows its peers by the network it was given, and nothing of clients. */
export class Replica {
  readonly state: State;
  readonly consensus: RaftConsensus;
  readonly maintenance: Maintenance;
  readonly leaseKeeper: LeaseKeeper;
  /** Resolves once the cluster's initial access is applied here: before that nobody may be answered. */
  readonly bootstrapped: Promise<void>;
  readonly #options: ReplicaOptions;
  readonly #log: Log;
  readonly #lessor: Lessor;
  readonly #driver: Driver;
  readonly #proposals: Proposals;
  readonly #isNew: boolean;
  readonly #compaction: CompactionPace;
  readonly #cancelCompaction: Cancel;
  #cancelCampaign: Cancel = () => {};
  #halted = false;
  #noteBootstrapped: () => void = () => {};
  #bootstrapProposed = false;
  #isLearner = false;
  #isRemoved = false;
  readonly #removal: Removal;
  readonly #acquaintances: Acquaintances;

  /** @throws ClusterError data-dir-refused, log-damaged, store-damaged, disk-full */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { dir, identity, initialMembers, tokens, disk, measures = new Measures() } = options;
    const proposals = new Proposals(identity.memberId, drawCount(options.random), measures);
    let replica: Replica | undefined;
    const onApplied = ({ proposal, outcome }: Applied) => {
      proposals.settle(proposal, outcome);
      replica?.noteBootstrap();
    };
    const onReplaced = () => replica?.noteBootstrap();
    const onMembers = () => replica?.noteMembers();
    const deadlines = new Deadlines(() => options.clock.now());
    const inline = options.inlineState ?? false;
    const { soon } = options.clock;
    const state = await State.open(dir, {
      tokens,
      leaseFollower: deadlines,
      onApplied,
      onReplaced,
      onMembers,
      measures,
      inline,
      soon,
    });
    try {
      // The log comes last: once it is there the state is whole.
      const isFirstStart = state.appliedIndex === 0 && !(await Log.exists(disk, dir.log));
      if (isFirstStart && options.isJoining) await state.initialiseJoining(initialMembers);
      else if (isFirstStart) await state.initialise(initialMembers);
      const { log, isNew } = await openLog(disk, dir, identity, state.membership, state.appliedIndex);
      await restoreBeginning(state, log, initialMembers, dir);
      const snapshots = new Snapshots(dir.snapshots, state, log);
      await snapshots.finishInterrupted();
      if (options.forceNewCluster) await forceNewCluster(log, state, identity.memberId);
      replica = new Replica(options, { state, deadlines, log, isNew, snapshots, proposals, measures });
      return replica;
    } catch (error) {
      await state.close();
      throw error;
    }
  }

  private constructor(
    options: ReplicaOptions,
    parts: {
      state: State;
      deadlines: Deadlines;
      log: Log;
      isNew: boolean;
      snapshots: Snapshots;
      proposals: Proposals;
      measures: Measures;
    },
  ) {
    const { identity, clock, random, logger, network, electionMs } = options;
    const { state, deadlines, log, isNew, snapshots, proposals, measures } = parts;
    this.#options = options;
    this.state = state;
    this.#log = log;
    this.#isNew = isNew;
    this.#proposals = proposals;
    const reads = new Reads(drawCount(random), 500, measures);
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
        measures,
        onSlowApply: slowApplies(logger, measures, options.slowApplyMs ?? 100),
        awaited: (id) => proposals.has(id),
        refuse: (id) => proposals.settle(id, new ClusterError('too-many-requests', 'the log has too much under way')),
        onStanding: (standing) => this.#standingChanged(standing),
        onFailure: (error) => this.#failed(error),
      },
      driverOptions(options),
    );
    const { clusterId, memberId } = identity;
    const voters = (): MemberId[] => state.members.list().flatMap(({ id, isLearner }) => (isLearner ? [] : [id]));
    const reach = { connectedMs: (id: MemberId) => network.connectedMs(id), voters };
    this.consensus = new RaftConsensus(
      { driver: this.#driver, machine: state, proposals, reads, clock, clusterId, memberId, reach, measures },
      consensusLimits(electionMs),
    );
    this.maintenance = new Maintenance({
      view: () => state.view(),
      term: () => this.standing.term,
      folder: join(options.dir.snapshots, 'outgoing'),
      measures,
    });
    const { lessor, keeper } = leasing({
      state,
      deadlines,
      consensus: this.consensus,
      network,
      clock,
      logger,
      electionMs,
      timeoutMs: consensusLimits(electionMs).requestTimeoutMs,
      measures: measures.leases,
    });
    this.#lessor = lessor;
    this.leaseKeeper = keeper;
    this.bootstrapped = new Promise((resolve) => {
      this.#noteBootstrapped = resolve;
    });
    this.noteBootstrap();
    const { lookUpMembers = async () => [] } = options;
    this.#acquaintances = new Acquaintances(memberId, state.members, network, clock, lookUpMembers);
    const isLeader = () => this.standing.role === 'leader';
    this.#removal = new Removal(clock, electionMs, isLeader, () => this.#failed(wasRemoved(identity)));
    const { changes, pauseMs } = options.compaction ?? usualCompaction;
    this.#compaction = { changes, pauseMs: Math.max(1, pauseMs) };
    this.#cancelCompaction = clock.every(this.#compaction.pauseMs, () => this.#compactStep());
  }

  get standing(): Standing {
    return this.#driver.standing;
  }

  /** Whether this member counts for nothing yet. */
  get isLearner(): boolean {
    return this.#isLearner;
  }

  /** It is about to stop. */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** Proposals that wait to be applied. */
  get pendingProposals(): number {
    return this.#proposals.size;
  }

  /** Resolves once what was compacted is gone from the tables. @throws ClusterError cancelled, stopped */
  async compactionDone(signal: AbortSignal): Promise<void> {
    while (this.state.keys.compactionPending) {
      if (this.#halted)
        throw new ClusterError('stopped', 'this member is stopping; the compaction goes on at its next start');
      if (signal.aborted) throw new ClusterError('cancelled', 'the caller gave the compaction up; it goes on');
      await new Promise<void>((resolve) => void this.#options.clock.after(this.#compaction.pauseMs, resolve));
    }
  }

  /** Makes the file of the state as small as it can be. @throws ClusterError disk-full, stopped */
  async defragment(): Promise<void> {
    const { logger } = this.#options;
    const before = this.state.size;
    logger.info('starting defragmentation', { size: before });
    await this.state.defragment();
    logger.info('finished defragmentation', { size: this.state.size, 'size-before': before });
  }

  /** Asks the leader to let the member lead; nothing is promised. */
  transferLeadership(to: MemberId): void {
    this.#driver.transferLeadership(to);
  }

  /** What the leader would say of the learner, if this member leads. */
  learner(id: MemberId): LearnerReadiness {
    return learnerReadiness(this.#driver.status(), id, this.#options.identity.memberId);
  }

  start(): void {
    this.#options.network.onRemoved(() => {
      this.#removal.known();
      this.#leave();
    });
    this.#options.network.onStranger(() => void this.#acquaintances.stranger());
    this.noteMembers();
    this.#driver.start();
    if (this.#isAlone) this.#driver.campaign();
    else if (this.#isNew && !this.#options.isJoining && this.#isFirst) this.#campaignUntilThereIsALeader();
  }

  async close(): Promise<void> {
    this.#halt(new ClusterError('stopped', 'this member is stopping'));
    try {
      await this.#driver.stop();
    } finally {
      await this.#log.close();
      await this.state.close();
    }
  }

  #halt(reason: ClusterError): void {
    this.consensus.stop(reason);
    this.leaseKeeper.stop(reason);
    this.#halted = true;
    this.#lessor.stop();
    this.#cancelCompaction();
    this.#cancelCampaign();
    this.#removal.cancel();
  }

  #compactStep(): void {
    try {
      this.state.compactStep(this.#compaction.changes);
    } catch (error) {
      this.#driver.fail(error);
    }
  }

  /** To be called when the members have changed. */
  noteMembers(): void {
    const { identity } = this.#options;
    const { members } = this.state;
    this.#acquaintances.update();
    this.#isLearner = members.member(identity.memberId)?.isLearner ?? false;
    if (members.removed.has(identity.memberId)) this.#leave();
  }

  #leave(): void {
    this.#isRemoved = true;
    if (this.#removal.begin()) this.#options.logger.warn('this member was removed from the cluster, and stops');
  }

  /** To be called when an entry was applied. */
  noteBootstrap(): void {
    if (this.state.auth.bootstrapped) this.#noteBootstrapped();
  }

  /** Nobody else can have won meanwhile. */
  get #isAlone(): boolean {
    const { voters, outgoing } = this.state.membership;
    return outgoing.length === 0 && voters.length === 1 && voters[0] === this.#options.identity.memberId;
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
    this.#lessor.leadsIn(role === 'leader' ? term : undefined);
    if (role !== 'leader' || this.state.auth.bootstrapped || this.#bootstrapProposed) return;
    this.#bootstrapProposed = true;
    void proposeUntilApplied({ consensus: this.consensus, clock, logger }, { kind: 'bootstrap', access });
  }

  #failed(error: ClusterError): void {
    // Whether what is under way has become durable is not known: clients hear that this member stopped, not how the disk is.
    this.#halt(new ClusterError('stopped', 'this member is stopping: it can not go on', {}, { cause: error }));
    this.#options.onFailure(error);
  }
}

function raftOf({ identity, random, heartbeatMs, electionMs }: ReplicaOptions, log: Log, state: State): Raft {
  return new Raft({
    id: identity.memberId,
    log,
    hardState: log.hardState(),
    membership: state.membership,
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
