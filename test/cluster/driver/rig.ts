import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Tokens } from '../../../cluster/auth/tokens.js';
import { Driver } from '../../../cluster/driver/driver.js';
import { type ConsensusLimits, RaftConsensus } from '../../../cluster/driver/raft-consensus.js';
import { Reads } from '../../../cluster/driver/reads.js';
import { Snapshots } from '../../../cluster/driver/snapshots.js';
import type { ClusterError } from '../../../cluster/errors.js';
import { Deadlines } from '../../../cluster/lease/index.js';
import { Log } from '../../../cluster/log/log.js';
import { silentLogger } from '../../../cluster/logger.js';
import { Measures } from '../../../cluster/measures.js';
import { dataDir } from '../../../cluster/member/data-dir.js';
import { State } from '../../../cluster/member/state.js';
import { clusterId, index, type MemberId, memberId, term } from '../../../cluster/numbers.js';
import { Proposals } from '../../../cluster/proposals.js';
import { Raft } from '../../../cluster/raft/raft.js';
import type { Message } from '../../../cluster/raft/types.js';
import type { PeerNetwork } from '../../../cluster/transport/network.js';
import { temporaryFolder } from '../../certificates.js';
import { SimulatedClock } from '../../simulation/clock.js';
import { SimulatedDisk } from '../../simulation/disk.js';
import { Schedule } from '../../simulation/schedule.js';
import { seededRandom } from '../raft/seeded-random.js';

export const self = memberId(1n);
export const peer = memberId(2n);

const electionTicks = 10;
const tickMs = 100;

/** One member's driver with everything below it; its peers are what a test sends and sees sent. */
export interface Rig {
  readonly consensus: RaftConsensus;
  readonly driver: Driver;
  readonly state: State;
  readonly log: Log;
  readonly disk: SimulatedDisk;
  readonly sent: Message[];
  readonly failures: ClusterError[];
  receive(message: Message): Promise<void>;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
  /** From all others. */
  disconnect(): void;
}

export const defaults: ConsensusLimits = {
  electionMs: electionTicks * tickMs,
  requestTimeoutMs: 1000,
  applyLagMax: 100,
  waitingMax: 100,
  sweepMs: 50,
};

export async function buildRig(
  t: ExecutionContext,
  voters: readonly MemberId[],
  limits: Partial<ConsensusLimits> = {},
): Promise<Rig> {
  const schedule = new Schedule();
  const clock = new SimulatedClock(schedule, 0);
  const random = seededRandom(1);
  const disk = new SimulatedDisk(random);
  const dir = dataDir(await temporaryFolder(t));
  await mkdir(dir.store, { recursive: true });
  const proposals = new Proposals(self, 0);
  const reads = new Reads(0, 200);
  const sent: Message[] = [];
  const failures: ClusterError[] = [];
  let connectedMs = Number.POSITIVE_INFINITY;
  let receive: (messages: readonly Message[]) => void = () => {};
  const network: PeerNetwork = {
    send: (messages) => void sent.push(...messages),
    onMessages: (callback) => {
      receive = callback;
    },
    onUnreachable() {},
    onSnapshot() {},
    sendSnapshot: () => new Promise(() => {}),
    ask: () => new Promise(() => {}),
    onQuestion() {},
    setPeers() {},
    onRemoved() {},
    onStranger() {},
    connectedMs: () => connectedMs,
    close: async () => {},
  };
  const state = await State.open(dir, {
    tokens: new Tokens({ now: () => clock.now() }),
    leaseFollower: new Deadlines(() => clock.now()),
    onApplied: ({ proposal, outcome }) => proposals.settle(proposal, outcome),
    onReplaced() {},
    inline: true,
    soon: clock.soon,
  });
  t.teardown(() => state.close());
  const membership = { voters, outgoing: [], learners: [] };
  const log = await Log.create(disk, '/log', Uint8Array.of(1), { index: index(0), term: term(0), membership });
  const raft = new Raft({
    id: self,
    log,
    hardState: log.hardState(),
    membership,
    applied: state.appliedIndex,
    electionTicks,
    heartbeatTicks: 1,
    random,
    appendBytesMax: 1 << 20,
    inFlightMax: 256,
  });
  const driver: Driver = new Driver(
    {
      raft,
      log,
      machine: state,
      network,
      snapshots: new Snapshots(join(dir.snapshots), state, log),
      reads,
      clock,
      logger: silentLogger,
      measures: new Measures(),
      onSlowApply: () => {},
      awaited: (id) => proposals.has(id),
      refuse: () => t.fail('nothing is refused here'),
      onStanding: ({ leader }) => consensus.leaderIs(leader),
      onFailure: (error) => {
        failures.push(error);
        consensus.stop(error);
      },
    },
    {
      tickMs,
      commitMs: 100,
      pendingBytesMax: 1 << 20,
      snapshotEntries: 1000,
      catchUpEntries: 1000,
      inboxMax: 100,
      slowApplyMs: 100,
    },
  );
  const reach = { connectedMs: () => connectedMs, voters: () => voters };
  const consensus = new RaftConsensus(
    { driver, machine: state, proposals, reads, clock, clusterId: clusterId(9n), memberId: self, reach },
    { ...defaults, ...limits },
  );
  driver.start();
  const pass = (ms: number): Promise<void> => schedule.run(schedule.now + ms);
  return {
    consensus,
    driver,
    state,
    log,
    disk,
    sent,
    failures,
    pass,
    disconnect: () => {
      connectedMs = 0;
    },
    receive: async (message) => {
      receive([message]);
      await pass(1);
    },
  };
}

/** A member that is alone in its cluster, and leads it. */
export async function leaderRig(t: ExecutionContext, limits: Partial<ConsensusLimits> = {}): Promise<Rig> {
  const rig = await buildRig(t, [self], limits);
  rig.driver.campaign();
  await rig.pass(10);
  t.is(rig.driver.standing.role, 'leader');
  return rig;
}

/** A member of three that hears nothing of the others, except what a test says. */
export const lonelyRig = (t: ExecutionContext, limits: Partial<ConsensusLimits> = {}): Promise<Rig> =>
  buildRig(t, [self, peer, memberId(3n)], limits);

export const heartbeat: Extract<Message, { kind: 'heartbeat' }> = {
  kind: 'heartbeat',
  from: peer,
  to: self,
  term: term(1),
  commit: index(0),
  context: 0,
};

/** The error that the promise rejects with, as its code, or 'resolved'. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: ClusterError) => error.code,
  );
