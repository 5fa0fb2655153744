import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { initialClusterId } from '../../cluster/members/ids.js';
import { initialMembers } from '../../cluster/members/members.js';
import { type LeaseId, leaseId } from '../../cluster/numbers.js';
import { seededRandom } from '../cluster/raft/seeded-random.js';
import { get } from '../cluster/store/operations.js';
import { Hazards } from './hazards.js';
import { SimulatedHost } from './host.js';
import { Leaseholder } from './leaseholder.js';
import { SimulatedNetwork } from './network.js';
import { Schedule } from './schedule.js';
import { tableDigests } from './tables.js';

// Leases on whole members over a simulated disk, network and clock. LEASE_SEEDS=1-500 runs others than the fixed seeds.

const stormMs = 15_000;
const calmMs = 60_000;
/** 54 notices when what a leader has decided by its clock counts in the next one's term as well. */
const telling: readonly number[] = [54];
const [first = 1, last = first] = (process.env.LEASE_SEEDS ?? '1-8').split('-').map(Number);
const seeds = Array.from({ length: last - first + 1 }, (_, at) => first + at);

class LeaseSimulation {
  readonly schedule = new Schedule();
  readonly hosts: readonly SimulatedHost[];
  readonly holders: readonly Leaseholder[];
  /** When a member was first seen without a lease that it had. */
  readonly ends = new Map<LeaseId, number>();
  readonly faults: string[] = [];
  readonly trace: string[] = [];
  readonly network = new SimulatedNetwork(this.schedule);
  readonly #hazards: Hazards;
  readonly #seen = new Map<SimulatedHost, { applied: number; leases: ReadonlySet<LeaseId> }>();

  constructor(seed: number, folder: string) {
    const random = seededRandom(seed);
    const own = (): (() => number) => seededRandom(Math.floor(random() * 2 ** 32));
    const { network } = this;
    const servers = [0, 1, 2].map((at) => ({ name: `m${at}`, peerUrls: [`http://m${at}:2380`] }));
    const members = initialMembers(servers, `seed-${seed}`);
    this.hosts = members.map(
      (self, owner) =>
        new SimulatedHost({
          ...{ members: () => members, isJoining: false, lookUp: async () => members },
          ...{ owner, folder, self, network, random: own(), schedule: this.schedule },
          ...{ access: undefined, syncMsMax: 4, snapshotEntries: 20, catchUpEntries: 5 },
          clusterId: initialClusterId(members.map(({ id }) => id)),
          note: (line) => this.trace.push(`${this.schedule.now} ${self.name} ${line}`),
          onFailure: (error) => this.faults.push(`${self.name} failed: ${error.stack}`),
        }),
    );
    this.holders = [1000, 1001, 1002, 1003].map((owner) => new Leaseholder(owner, this.schedule, this.hosts, own()));
    for (const host of this.hosts)
      host.onEnd = () => {
        this.#seen.delete(host);
        for (const holder of this.holders) holder.lost(host);
      };
    this.#hazards = new Hazards(this.schedule, network, this.hosts, own());
  }

  async run(folder: string): Promise<void> {
    for (const one of [...this.hosts, ...this.holders, this.#hazards]) one.start();
    await this.#until(stormMs, () => false);
    for (const one of [...this.holders, this.#hazards]) one.finish();
    await this.#until(this.schedule.now + calmMs, () => this.#isOver());
    if (this.faults.length === 0 && !this.#isOver()) this.faults.push('there are leases left that nobody keeps alive');
    this.#checkPromises();
    if (this.faults.length === 0) await this.#compare(folder);
    for (const host of this.hosts) host.stop();
    await this.schedule.run(this.schedule.now);
  }

  get promises() {
    return this.holders.flatMap(({ promises }) => promises);
  }

  async #until(untilMs: number, isDone: () => boolean): Promise<void> {
    await this.schedule.run(untilMs, () => {
      for (const host of this.hosts) this.#look(host);
      return this.faults.length > 0 || isDone();
    });
  }

  #look(host: SimulatedHost): void {
    const state = host.replica?.state;
    const before = this.#seen.get(host);
    if (state === undefined || state.appliedIndex === before?.applied) return;
    const leases = new Set([...state.leases.list()].map(({ id }) => id));
    for (const id of before?.leases ?? [])
      if (!leases.has(id) && !this.ends.has(id)) this.ends.set(id, this.schedule.now);
    this.#seen.set(host, { applied: state.appliedIndex, leases });
  }

  #isOver(): boolean {
    const applied = new Set(this.hosts.map(({ replica }) => replica?.state.appliedIndex));
    if (applied.size !== 1 || applied.has(undefined)) return false;
    return this.hosts.every(({ replica }) => {
      const state = replica?.state;
      return (
        state !== undefined && [...state.leases.list()].length === 0 && state.keys.range(get('\0', '\0')).count === 0
      );
    });
  }

  #checkPromises(): void {
    for (const { lease, at, until } of this.promises) {
      const end = this.ends.get(lease);
      if (end !== undefined && end < until)
        this.faults.push(`lease ${lease} ended at ${end}; asked at ${at}, it was promised to live until ${until}`);
    }
  }

  async #compare(folder: string): Promise<void> {
    const digests = await Promise.all(
      this.hosts.map(async ({ replica, options: { self } }) => {
        const tables = replica && (await tableDigests(replica.state, join(folder, `${self.name}-copy.db`)));
        return JSON.stringify(tables);
      }),
    );
    if (new Set(digests).size !== 1) this.faults.push(`the members differ: ${digests.join('\n')}`);
  }
}

test('no lease ends before its time, whatever happens to the members, and each ends that nobody keeps alive', async (t) => {
  t.timeout(300_000);
  const sums = { promises: 0, ends: 0 };
  for (const seed of process.env.LEASE_SEEDS === undefined ? [...seeds, ...telling] : seeds) {
    const folder = await mkdtemp(join(tmpdir(), 'quorate-leases-'));
    const simulation = new LeaseSimulation(seed, folder);
    await simulation.run(folder);
    await rm(folder, { recursive: true, force: true });
    if (first === last) t.log(simulation.trace.join('\n'));
    t.deepEqual(simulation.faults, [], `seed ${seed}: LEASE_SEEDS=${seed}`);
    sums.promises += simulation.promises.length;
    sums.ends += simulation.ends.size;
  }
  t.log(sums);
  t.true(sums.promises > 100 && sums.ends > 20);
});

test('a leader that is cut off keeps no lease alive, and ends none (etcd#20418)', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-leases-'));
  const { schedule, hosts, network } = new LeaseSimulation(1, folder);
  network.hazards = { lost: 0, repeated: 0, delayMsMax: 2, brokenOff: 0 };
  const leading = () =>
    hosts.find(({ replica }) => replica?.standing.role === 'leader' && replica.state.auth.bootstrapped);
  for (const host of hosts) host.start();
  await schedule.run(10_000, () => leading() !== undefined);
  const [leader, id] = [leading(), leaseId(7n)];
  let isGranted = false;
  void leader?.replica?.consensus
    .propose({ kind: 'lease-grant', id, seconds: 2 }, undefined)
    .then(() => (isGranted = true));
  await schedule.run(schedule.now + 1000, () => isGranted);
  for (const other of hosts) {
    if (leader === undefined || other === leader) continue;
    network.cut(leader.options.self.id, other.options.self.id);
    network.cut(other.options.self.id, leader.options.self.id);
  }
  let answer: unknown;
  const note = (value: unknown) => (answer = value);
  leader?.replica?.leaseKeeper.renew(id, undefined).then(note, note);
  await schedule.run(schedule.now + 4000, () => answer !== undefined);
  t.is(answer, undefined, 'nothing is promised while it is cut off');
  const has = hosts.map((host) => host.replica?.state.leases.has(id));
  t.deepEqual(
    has,
    hosts.map((host) => host === leader),
    'the others have a leader that ended the lease',
  );
  network.heal();
  await schedule.run(schedule.now + 4000, () => answer !== undefined);
  t.deepEqual([isGranted, hosts.some((host) => host.replica?.state.leases.has(id))], [true, false]);
  for (const host of hosts) host.stop();
  await schedule.run(schedule.now);
  await rm(folder, { recursive: true, force: true });
});
