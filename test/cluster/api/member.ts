import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { Alarms } from '../../../cluster/alarms/alarms.js';
import { GrpcFront } from '../../../cluster/api/grpc.js';
import type { ApiState } from '../../../cluster/api/state.js';
import { Applier } from '../../../cluster/apply/applier.js';
import { encodeCommand } from '../../../cluster/apply/command.js';
import { Permissions } from '../../../cluster/apply/permissions.js';
import { watchGrants } from '../../../cluster/apply/watch-grants.js';
import { Auth } from '../../../cluster/auth/auth.js';
import { Authenticator } from '../../../cluster/auth/authenticator.js';
import { Passwords } from '../../../cluster/auth/passwords.js';
import { Tokens } from '../../../cluster/auth/tokens.js';
import { type ConnectOptions, connect, type EtcdClient } from '../../../cluster/client/client.js';
import { systemClock } from '../../../cluster/clock.js';
import type { Consensus } from '../../../cluster/consensus.js';
import { ClusterError } from '../../../cluster/errors.js';
import { Deadlines, LeaseKeeper, Leases, Lessor } from '../../../cluster/lease/index.js';
import { silentLogger } from '../../../cluster/logger.js';
import { Maintenance } from '../../../cluster/maintenance/index.js';
import { Measures } from '../../../cluster/measures.js';
import { Downgrade } from '../../../cluster/members/downgrade.js';
import { Members } from '../../../cluster/members/members.js';
import { clusterId, type Index, index, type MemberId, memberId, noMember, term } from '../../../cluster/numbers.js';
import { entryKindOf } from '../../../cluster/operations/members.js';
import { Kv } from '../../../cluster/store/index.js';
import { WatchHub } from '../../../cluster/watch/index.js';
import type { TestAuthority } from '../../certificates.js';
import { memoryTables } from '../auth/memory-tables.js';

const requestBytesMax = 1.5 * 1024 * 1024;
const self = memberId(0xfedcba9876543210n);

/** A log of one member that commits at once: every entry goes through the real applier, encoded and decoded. */
class DirectLog implements Consensus {
  leader: MemberId = self;
  applied = index(0);
  /** Runs before the next proposal is carried out, once. */
  before: (() => Promise<unknown>) | undefined;
  linearized = 0;
  readonly #applier: Applier;
  readonly #onApplied: () => void;

  constructor(applier: Applier, onApplied: () => void) {
    this.#applier = applier;
    this.#onApplied = onApplied;
  }

  async propose(...[action, caller]: Parameters<Consensus['propose']>) {
    this.#checkLeader();
    const { before } = this;
    this.before = undefined;
    await before?.();
    const data = encodeCommand({ proposal: { proposer: self, sequence: this.applied }, caller, action });
    this.applied = index(this.applied + 1);
    const applied = this.#applier.apply({ index: this.applied, term: term(2), kind: entryKindOf(action), data });
    this.#onApplied();
    if (applied === undefined) throw new Error('a command came to nothing');
    if (applied.outcome instanceof ClusterError) throw applied.outcome;
    return applied.outcome;
  }

  async linearize(): Promise<void> {
    this.#checkLeader();
    this.linearized += 1;
  }

  async moveLeader(to: MemberId): Promise<void> {
    this.leader = to;
  }

  status() {
    const { leader, applied } = this;
    return {
      clusterId: clusterId(0xabcdefn),
      memberId: self,
      leader,
      term: term(2),
      commitIndex: applied,
      appliedIndex: applied,
    };
  }

  #checkLeader(): void {
    if (this.leader === noMember) throw new ClusterError('no-leader', 'the leader is gone');
  }
}

export interface TestMember {
  readonly endpoint: string;
  /** Changeable, for what is hard to provoke. */
  readonly state: { -readonly [Part in keyof ApiState]: ApiState[Part] };
  readonly kv: Kv;
  readonly log: DirectLog;
  readonly front: GrpcFront;
  /** How much more time has passed for leases than for everything else. */
  readonly leaseTime: { skippedMs: number };
  client(options?: Partial<ConnectOptions>): EtcdClient;
}

function buildState(t: ExecutionContext, clientCertAuth: boolean) {
  const tables = memoryTables();
  const leaseTime = { skippedMs: 0 };
  const deadlines = new Deadlines(() => systemClock.now() + leaseTime.skippedMs);
  const leases = new Leases(tables, deadlines);
  const measures = new Measures();
  const kv = new Kv(tables, {
    measures: measures.keys,
    leaseExists: (id) => leases.has(id),
    onChange: (at, change) => watches.note(at, change),
  });
  const tokens = new Tokens({ now: () => Date.now() });
  const auth = new Auth(tables, tokens);
  const members = new Members(tables);
  members.initialise([
    { id: self, name: 'm1', peerUrls: ['https://p:2380'], clientUrls: ['https://c:2379'], isLearner: false },
  ]);
  const alarms = new Alarms(tables);
  const downgrade = new Downgrade(tables);
  const backend = { transact: <T>(_: Index, work: () => T): T => work() };
  const applier = new Applier({ backend, kv, auth, leases, members, alarms, downgrade });
  const watches = new WatchHub({ history: kv, grants: watchGrants(auth), soon: setImmediate });
  const log = new DirectLog(applier, () => watches.checkGrants());
  const lessor = new Lessor({
    leases,
    deadlines,
    countKeysOf: (lease, max) => kv.countKeysOf(lease, max),
    propose: (action) => log.propose(action, undefined),
    linearize: async () => {},
    clock: systemClock,
    logger: silentLogger,
    extendMs: 0,
    measures: measures.leases,
  });
  lessor.leadsIn(term(2));
  t.teardown(() => lessor.stop());
  const permissions = new Permissions(auth, kv);
  const leaseKeeper = new LeaseKeeper({
    lessor,
    deadlines,
    consensus: log,
    check: (caller, lease) => permissions.checkKeepAlive(caller, lease),
    ask: () => Promise.reject(new ClusterError('cancelled', 'there is no other member')),
    clock: systemClock,
    timeoutMs: 500,
    certainMs: 100,
    measures: measures.leases,
  });
  const passwords = new Passwords(4);
  const authenticator = new Authenticator({
    auth,
    tokens,
    passwords,
    clientCertAuth,
    appliedIndex: () => log.applied,
    linearize: () => log.linearize(),
  });
  const state: ApiState = {
    consensus: log,
    kv,
    compactionDone: async () => {
      while (kv.compactStep(100));
    },
    auth,
    authenticator,
    passwords,
    permissions,
    leases,
    leaseKeeper,
    leaseSecondsMin: 2,
    members,
    reconfiguration: {
      strict: true,
      learnersMax: 1,
      now: () => Math.floor(Date.now() / 1000),
      connectedMs: () => 0,
      checkLearnerIsReady: async () => {},
    },
    isLearner: () => members.member(self)?.isLearner ?? false,
    alarms,
    downgrade,
    maintenance: new Maintenance({
      view: async () => ({ index: log.applied, table: tables, close: () => {} }),
      term: () => term(2),
      folder: tmpdir(),
      measures,
    }),
    storage: {
      size: () => 20480,
      sizeInUse: () => 8192,
      defragment: async () => {},
      quota: undefined,
      openReads: () => 0,
    },
    txnOpsMax: 128,
    features: [{ name: 'InitialCorruptCheck', stage: 'ALPHA', enabled: false }],
    watches,
    watchProgressMs: 600_000,
    measures,
    audit: undefined,
    pendingProposals: () => 0,
    version: '0.0.0-test',
  };
  return { state, kv, log, leaseTime };
}

async function listen(t: ExecutionContext, authority: TestAuthority | undefined, serve: (socket: Socket) => void) {
  const files = authority && (await authority.server());
  const server = files
    ? createTlsServer({ ...files, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] }, serve)
    : createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `${files ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The API of a member over sockets, with the real state rooms below and a log of one; mutual TLS with `authority`. */
export async function startMember(
  t: ExecutionContext,
  authority?: TestAuthority,
  { electionMs = 1000 } = {},
): Promise<TestMember> {
  const { state, kv, log, leaseTime } = buildState(t, authority !== undefined);
  const front = new GrpcFront({ state, requestBytesMax, electionMs, logger: silentLogger });
  const endpoint = await listen(t, authority, (socket) => front.serve(socket));
  t.teardown(() => front.close(0));
  const client = (options: Partial<ConnectOptions> = {}): EtcdClient => {
    const made = connect({ endpoints: [endpoint], ...options });
    t.teardown(() => made.close());
    return made;
  };
  return { endpoint, state, kv, log, leaseTime, front, client };
}
