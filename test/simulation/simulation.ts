import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { initialClusterId } from '../../cluster/members/ids.js';
import { initialMembers, type Member } from '../../cluster/members/members.js';
import { type MemberId, noMember } from '../../cluster/numbers.js';
import type { AccessDeclaration } from '../../cluster/operations/auth.js';
import { seededRandom } from '../cluster/raft/seeded-random.js';
import { Changer } from './changer.js';
import { faultsOf } from './checks.js';
import { Client } from './clients.js';
import { Hazards } from './hazards.js';
import { History } from './history.js';
import { SimulatedHost } from './host.js';
import { SimulatedNetwork } from './network.js';
import { Schedule } from './schedule.js';
import { tableDigests } from './tables.js';

export interface SimulationResult {
  /** What is wrong; [] when nothing is. */
  readonly faults: readonly string[];
  /** The same for every run of the seed. */
  readonly digest: string;
  readonly trace: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

const keys = ['k0', 'k1', 'k2', 'k3'];
const stormMs = 12_000;
const calmMs = 60_000;
const clientCount = 5;

const access: AccessDeclaration = {
  roles: [],
  users: [{ name: 'root', roles: ['root'], passwordHash: '' }],
  enable: true,
};

/** Members, clients and whatever can go wrong; then peace, and a look at what came of it. */
export class Simulation {
  readonly #schedule = new Schedule();
  readonly #network = new SimulatedNetwork(this.#schedule);
  readonly #history = new History();
  readonly #hosts: SimulatedHost[];
  readonly #changer: Changer | undefined;
  readonly #leaders = new Map<number, MemberId>();
  readonly #clients: readonly Client[];
  readonly #hazards: Hazards;
  readonly #folder: string;
  readonly #faults: string[] = [];
  readonly #lines: { readonly at: number; readonly owner: number; readonly text: string }[] = [];
  readonly #hashes: ReturnType<typeof createHash>[];

  /** `changing`: members come and go. */
  constructor(seed: number, folder: string, { changing = false } = {}) {
    const random = seededRandom(seed);
    const own = (): (() => number) => seededRandom(Math.floor(random() * 2 ** 32));
    const below = (limit: number): number => Math.floor(random() * limit);
    this.#folder = folder;
    const size = [1, 3, 3, 3, 5][below(5)] ?? 3;
    const servers = Array.from({ length: size }, (_, at) => ({ name: `m${at}`, peerUrls: [`http://m${at}:2380`] }));
    const members = initialMembers(servers, `seed-${seed}`);
    const hasAccess = below(2) === 0;
    const trim = { snapshotEntries: 5 + below(30), catchUpEntries: below(10) };
    const syncMsMax = [0, 4, 20][below(3)] ?? 0;
    this.#hashes = members.map(() => createHash('sha256'));
    const newHost = (self: Member, owner: number, isJoining: boolean) =>
      new SimulatedHost({
        owner,
        folder,
        clusterId: initialClusterId(members.map(({ id }) => id)),
        self,
        members: () => (isJoining ? this.#membersNow() : members),
        isJoining,
        lookUp: (asking, known) => this.#lookUp(asking, known),
        access: hasAccess && !isJoining ? access : undefined,
        schedule: this.#schedule,
        network: this.#network,
        random: own(),
        syncMsMax,
        ...trim,
        note: (line) => this.#note(owner, line),
        onFailure: (error) => this.#fault(`${self.name} failed: ${error.stack}`),
      });
    this.#hosts = members.map((self, owner) => newHost(self, owner, false));
    const user = hasAccess ? 'root' : undefined;
    const asking = { schedule: this.#schedule, hosts: this.#hosts, history: this.#history, keys, user };
    const thinkMsMax = [20, 100][below(2)] ?? 20;
    this.#clients = Array.from(
      { length: clientCount },
      (_, at) => new Client(1000 + at, own(), { ...asking, thinkMsMax }),
    );
    for (const host of this.#hosts) this.#noticeEnds(host);
    const addHost = (self: Member) => {
      const host = newHost(self, this.#hosts.length, true);
      this.#hosts.push(host);
      this.#hashes.push(createHash('sha256'));
      this.#noticeEnds(host);
      return host;
    };
    this.#hazards = new Hazards(this.#schedule, this.#network, this.#hosts, own());
    const asked = { schedule: this.#schedule, hosts: this.#hosts, user };
    if (changing) this.#changer = new Changer({ ...asked, random: own(), newHost: addHost });
  }

  async run(): Promise<SimulationResult> {
    for (const host of this.#hosts) host.start();
    for (const client of this.#clients) client.start();
    this.#hazards.start();
    this.#changer?.start();
    await this.#runUntil(stormMs);
    for (const client of this.#clients) client.finish();
    this.#changer?.finish();
    this.#hazards.finish();
    await this.#comeToRest();
    await this.#readEverything();
    if (this.#faults.length === 0) await this.#compareMembers();
    this.#faults.push(...faultsOf(this.#history));
    await this.#stop();
    return { faults: this.#faults, digest: this.#digest(), trace: this.#trace(), figures: this.#figures() };
  }

  async #runUntil(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    await this.#schedule.run(untilMs, () => {
      for (const host of this.#hosts) host.check();
      this.#checkLeaders();
      return this.#faults.length > 0 || isDone();
    });
  }

  async #comeToRest(): Promise<void> {
    await this.#runUntil(this.#schedule.now + calmMs, () => this.#isAtRest());
    if (this.#faults.length === 0 && !this.#isAtRest()) this.#fault(`no rest after ${calmMs} ms of peace`);
  }

  #isAtRest(): boolean {
    if (!this.#clients.every(({ isIdle }) => isIdle)) return false;
    if (this.#changer?.isIdle === false) return false;
    this.#startMissing();
    if (this.#hosts.some((host) => host.isUp && !this.#belongs(host))) return false;
    const indexes = this.#memberHosts.map(({ replica }) => {
      if (replica === undefined || replica.standing.leader === noMember) return -1;
      const { commitIndex, appliedIndex } = replica.consensus.status();
      return commitIndex === appliedIndex && !replica.state.keys.compactionPending ? appliedIndex : -1;
    });
    return Math.min(...indexes) > 0 && Math.min(...indexes) === Math.max(...indexes);
  }

  /** Whatever was acknowledged must be found through every member. */
  async #readEverything(): Promise<void> {
    const reads = this.#memberHosts.flatMap((host) => {
      const reader = new Client(2000, () => 0, {
        schedule: this.#schedule,
        hosts: this.#hosts,
        history: this.#history,
        keys,
        thinkMsMax: 1,
        user: undefined,
      });
      return keys.map((key) => reader.read(host, key));
    });
    let isDone = false;
    const all = Promise.all(reads).then(() => {
      isDone = true;
    });
    await this.#runUntil(this.#schedule.now + calmMs, () => isDone);
    if (isDone) await all;
    else this.#fault('a read of the cluster at rest was not answered');
    await this.#runUntil(this.#schedule.now + calmMs, () => this.#isAtRest());
  }

  async #compareMembers(): Promise<void> {
    const [first, ...others] = await Promise.all(
      this.#memberHosts.map(async ({ replica, options }) => {
        const digests =
          replica && (await tableDigests(replica.state, join(this.#folder, `${options.self.name}-copy.db`)));
        return { name: options.self.name, digests };
      }),
    );
    this.#note(0, JSON.stringify(first?.digests));
    for (const { name, digests } of others)
      if (JSON.stringify(digests) !== JSON.stringify(first?.digests))
        this.#fault(`${name} differs from ${first?.name}: ${JSON.stringify([digests, first?.digests], null, 1)}`);
  }

  /** As the member that has applied most of the log has it. */
  #membersNow(): readonly Member[] {
    const states = this.#hosts.flatMap(({ replica }) => (replica === undefined ? [] : [replica.state]));
    const [latest] = states.sort((a, b) => b.appliedIndex - a.appliedIndex);
    return latest?.members.list() ?? [];
  }

  async #lookUp(asking: MemberId, known: readonly Member[]): Promise<readonly Member[]> {
    const asked = this.#hosts.find(
      ({ replica, options: { self } }) =>
        replica !== undefined && known.some(({ id }) => id === self.id) && this.#network.reaches(asking, self.id),
    );
    return asked?.replica?.state.members.list() ?? [];
  }

  get #memberHosts(): readonly SimulatedHost[] {
    return this.#hosts.filter((host) => this.#belongs(host));
  }

  #belongs({ options }: SimulatedHost): boolean {
    return this.#membersNow().some(({ id }) => id === options.self.id);
  }

  /** Whoever asked for a member to be added and never heard what became of it starts it when the list has it. */
  #startMissing(): void {
    for (const host of this.#memberHosts) if (!host.isUp) host.start();
  }

  #checkLeaders(): void {
    for (const { replica, options } of this.#hosts) {
      if (replica?.standing.role !== 'leader') continue;
      const { term } = replica.standing;
      const known = this.#leaders.get(term) ?? options.self.id;
      this.#leaders.set(term, known);
      if (known !== options.self.id) this.#fault(`${known} and ${options.self.id} both lead term ${term}`);
    }
  }

  #noticeEnds(host: SimulatedHost): void {
    host.onEnd = () => {
      for (const client of this.#clients) client.lost(host);
      this.#changer?.lost(host);
    };
  }

  async #stop(): Promise<void> {
    for (const host of this.#hosts) host.stop();
    await this.#schedule.run(this.#schedule.now);
  }

  #note(owner: number, line: string): void {
    const text = `${this.#schedule.now} m${owner} ${line}`;
    this.#hashes[owner]?.update(text);
    this.#lines.push({ at: this.#schedule.now, owner, text });
  }

  /** What different members did in one moment has no order: it hangs on whose files were done first. */
  #trace(): readonly string[] {
    const inOrder = this.#lines.toSorted((a, b) => a.at - b.at || a.owner - b.owner);
    return inOrder.map(({ text }) => text);
  }

  #fault(what: string): void {
    this.#faults.push(what);
  }

  #digest(): string {
    const hash = createHash('sha256').update(JSON.stringify(this.#history)).update(`${this.#network.messagesSent}`);
    for (const one of this.#hashes) hash.update(one.digest());
    return hash.digest('hex');
  }

  #figures(): Readonly<Record<string, number>> {
    return {
      events: this.#schedule.moment,
      messages: this.#network.messagesSent,
      snapshots: this.#network.snapshotsSent,
      operations: this.#history.operations.length,
      acknowledged: this.#history.acknowledged,
      serializable: this.#history.serializableReads.length,
      ...this.#hazards.figures,
      ...this.#changer?.figures,
    };
  }
}
