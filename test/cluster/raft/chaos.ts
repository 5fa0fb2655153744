import { index, memberId } from '../../../cluster/numbers.js';
import { RaftChecker } from './raft-checker.js';
import { seededRandom } from './seeded-random.js';
import { type Packet, SimulatedCluster } from './simulated-cluster.js';
import type { SimulatedMember } from './simulated-member.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

type Act = readonly [weight: number, act: () => void];

/** Everything that can go wrong, in an order that a seed decides, with a checker that watches after every step. */
export class Chaos {
  readonly checker = new RaftChecker();
  readonly #cluster: SimulatedCluster;
  readonly #random: () => number;
  readonly #acts: readonly Act[];
  readonly #weights: number;
  changes = 0;
  #values = 0;
  #contexts = 0;

  /** `strangers`: members that are up and may be added; with some of them the membership changes all the time. */
  constructor(seed: number, voters: number, strangers = 0) {
    this.#random = seededRandom(seed);
    this.#cluster = new SimulatedCluster(voters, {
      random: this.#random,
      electionTicks: 5,
      appendBytesMax: 20,
      inFlightMax: 3,
      unappliedBytesMax: 30,
      learners: 1,
      strangers,
      lazyState: true,
    });
    this.#acts = [
      [30, () => this.#on((member) => member.raft.tick())],
      [120, () => this.#withPacket((packet) => this.#arrive(packet))],
      [60, () => this.#deliverInOrder()],
      [120, () => this.#on((member) => this.#take(member))],
      [12, () => this.#on((member) => this.#propose(member))],
      [8, () => this.#on((member) => this.#read(member))],
      [1, () => this.#each((member) => this.#reportLostSnapshots(member))],
      [6, () => this.#any((member) => this.#restart(member))],
      [20, () => this.#on((member) => member.saveState())],
      [strangers > 0 ? 6 : 0, () => this.#on((member) => this.#change(member))],
      [4, () => this.#cluster.heal()],
      ...this.#hazards(),
    ];
    this.#weights = this.#acts.reduce((sum, [weight]) => sum + weight, 0);
  }

  /** Some seeds have none of a hazard, others plenty: that finds more than an even mixture does. */
  #hazards(): readonly Act[] {
    const often = () => [0, 1, 4][this.#below(3)] ?? 0;
    const diskSpeed = [120, 40, 10][this.#below(3)] ?? 0;
    return [
      [diskSpeed, () => this.#on((member) => member.finishWrite())],
      [4 * often(), () => this.#withPacket(() => {})],
      [4 * often(), () => this.#withPacket((packet) => this.#cluster.packets.push(packet, packet))],
      [often(), () => this.#on((member) => this.#crash(member))],
      [often(), () => this.#cluster.isolate(this.#below(this.#cluster.members.size) + 1)],
      [often(), () => this.#on((member) => member.compact(index(this.#below(member.state.length + 1))))],
      [often(), () => this.#on((member) => member.raft.transferLeadership(this.#anyId()))],
      [often(), () => this.#on((member) => member.raft.reportUnreachable(this.#anyId()))],
      [often(), () => this.#on((member) => member.raft.campaign())],
    ];
  }

  step(): void {
    let at = this.#below(this.#weights);
    for (const [weight, act] of this.#acts) {
      at -= weight;
      if (at >= 0) continue;
      act();
      break;
    }
    this.#each((member) => this.checker.observe(member));
  }

  /** Peace at last. True when everybody comes to the same state, with more in it than before, and every read to its answer. */
  recovers(): boolean {
    this.#cluster.heal();
    for (const member of this.#cluster.members.values()) this.#restart(member);
    const before = this.checker.committedCount;
    for (let tick = 0; tick < 300; tick += 1) {
      this.#tick();
      this.#drain();
      if (this.#isAtRest(before)) return true;
      if (tick % 20 === 0) this.#on((member) => this.#propose(member));
    }
    return false;
  }

  #isAtRest(before: number): boolean {
    const [mostAdvanced] = [...this.#cluster.members.values()].sort((a, b) => b.state.length - a.state.length);
    const { voters = [], learners = [] } = mostAdvanced?.membership ?? {};
    const lengths = [...voters, ...learners].map((id) => this.#cluster.member(Number(id)).state.length);
    const agree = Math.max(...lengths) === Math.min(...lengths);
    return agree && Math.min(...lengths) > before + 1 && this.checker.unansweredReads === 0;
  }

  #tick(): void {
    this.#each((member) => member.raft.tick());
    this.#each((member) => this.#reportLostSnapshots(member));
  }

  /** As a transport would, which knows when a stream broke off. */
  #reportLostSnapshots({ id, raft }: SimulatedMember): void {
    for (const [to, { state }] of raft.status().progress) {
      const isOnItsWay = ({ message }: Packet) =>
        message.kind === 'snapshot' && message.from === id && message.to === to;
      if (state === 'snapshot' && !this.#cluster.packets.some(isOnItsWay)) raft.reportSnapshot(to, 'failed');
    }
  }

  #drain(): void {
    for (let turn = 0; turn < 50; turn += 1) {
      this.#each((member) => {
        while (member.raft.hasReady()) this.#take(member);
        while (member.pendingWrites > 0) member.finishWrite();
        this.checker.observe(member);
      });
      for (const packet of this.#cluster.packets.splice(0)) this.#arrive(packet);
    }
  }

  #take(member: SimulatedMember): void {
    if (member.raft.hasReady()) this.checker.took(member, member.take());
  }

  #propose(member: SimulatedMember): void {
    const data = Array.from({ length: 1 + this.#below(4) }, () => bytes(`v${++this.#values}`));
    member.raft.propose(data);
  }

  #change(member: SimulatedMember): void {
    const verb = ['+', '~', '^', '-'][this.#below(4)];
    if (member.raft.proposeMembership(bytes(`${verb}${this.#anyId()}`)) === 'accepted') this.changes += 1;
  }

  #read(member: SimulatedMember): void {
    this.#contexts += 1;
    this.checker.asked(member.id, this.#contexts);
    member.raft.readIndex(this.#contexts);
  }

  #crash(member: SimulatedMember): void {
    member.crash();
    this.checker.crashed(member);
  }

  #restart(member: SimulatedMember): void {
    if (!member.up) member.restart();
  }

  #deliverInOrder(): void {
    const packet = this.#cluster.packets.shift();
    if (packet !== undefined) this.#arrive(packet);
  }

  /** A snapshot's sender is told how it went, most of the time. */
  #arrive(packet: Packet): void {
    const arrives = packet.message.kind !== 'snapshot' || this.#random() < 0.7;
    if (arrives) this.#cluster.deliver(packet);
    if (packet.message.kind !== 'snapshot') return;
    const sender = this.#cluster.members.get(packet.message.from);
    if (sender?.up) sender.raft.reportSnapshot(packet.message.to, arrives ? 'sent' : 'failed');
  }

  #withPacket(act: (packet: Packet) => void): void {
    const { packets } = this.#cluster;
    const [packet] = packets.splice(this.#below(packets.length), 1);
    if (packet !== undefined) act(packet);
  }

  #any(act: (member: SimulatedMember) => void): void {
    act(this.#cluster.member(this.#below(this.#cluster.members.size) + 1));
  }

  #on(act: (member: SimulatedMember) => void): void {
    this.#any((member) => {
      if (member.up) act(member);
    });
  }

  #each(act: (member: SimulatedMember) => void): void {
    for (const member of this.#cluster.members.values()) if (member.up) act(member);
  }

  #anyId() {
    return memberId(BigInt(this.#below(this.#cluster.members.size) + 1));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
