import { type MemberId, memberId } from '../../../cluster/numbers.js';
import type { Entry, Membership, Message } from '../../../cluster/raft/types.js';
import { logWithTerms } from './memory-log.js';
import { SimulatedMember, type SimulatedOptions } from './simulated-member.js';

/** A message on its way; a snapshot takes the sender's state along. */
export interface Packet {
  readonly message: Message;
  readonly state: readonly Entry[];
}

export interface ClusterOptions extends Partial<SimulatedOptions> {
  readonly learners?: number;
  /** Members that are up and belong to no cluster yet. */
  readonly strangers?: number;
  /** For member 1, 2, 3… the terms of the entries it starts with; its own term is the last one's. */
  readonly logs?: readonly (readonly number[])[];
}

const defaults: SimulatedOptions = {
  electionTicks: 10,
  heartbeatTicks: 1,
  random: () => 0,
  appendBytesMax: 1024,
  inFlightMax: 4,
};

/** Members 1, 2, 3… (the learners last) and the messages between them, which move when a test says so. */
export class SimulatedCluster {
  readonly members = new Map<MemberId, SimulatedMember>();
  readonly membership: Membership;
  readonly #cut = new Set<string>();
  packets: Packet[] = [];

  constructor(voters: number, { learners = 0, strangers = 0, logs = [], ...options }: ClusterOptions = {}) {
    const ids = Array.from({ length: voters + learners }, (_, at) => memberId(BigInt(at + 1)));
    this.membership = { voters: ids.slice(0, voters), outgoing: [], learners: ids.slice(voters) };
    for (const id of ids) {
      const send = (message: Message) => this.#send(message);
      const log = logWithTerms(this.membership, logs[Number(id) - 1] ?? []);
      this.members.set(id, new SimulatedMember(id, this.membership, { ...defaults, ...options }, send, log));
    }
    const nobody: Membership = { voters: [], outgoing: [], learners: [] };
    for (let id = ids.length + 1; id <= ids.length + strangers; id += 1) {
      const stranger = memberId(BigInt(id));
      const send = (message: Message) => this.#send(message);
      const blank = logWithTerms(nobody, []);
      this.members.set(stranger, new SimulatedMember(stranger, nobody, { ...defaults, ...options }, send, blank));
    }
  }

  member(id: number): SimulatedMember {
    const member = this.members.get(memberId(BigInt(id)));
    if (member === undefined) throw new Error(`there is no member ${id}`);
    return member;
  }

  /** From now on nothing passes between them, in either direction. */
  cut(one: number, other: number): void {
    this.#cut.add(`${one}-${other}`).add(`${other}-${one}`);
  }

  isolate(id: number): void {
    for (const other of this.members.keys()) if (other !== BigInt(id)) this.cut(id, Number(other));
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Settles whoever is up, without delivering anything. */
  settle(): void {
    for (const member of this.members.values()) if (member.up) member.settle();
  }

  deliver(packet: Packet): void {
    const target = this.members.get(packet.message.to);
    if (target?.up) target.receive(packet.message, packet.state);
  }

  /** Delivers everything, and what comes of it, until the cluster is at rest. */
  stabilize(): void {
    this.settle();
    for (let turn = 0; this.packets.length > 0; turn += 1) {
      if (turn > 1000) throw new Error('the cluster never comes to rest');
      for (const packet of this.packets.splice(0)) this.deliver(packet);
      this.settle();
    }
  }

  tick(ids: readonly number[], times = 1): void {
    for (let tick = 0; tick < times; tick += 1) for (const id of ids) this.member(id).raft.tick();
  }

  /** Ticks everybody who is up, delivering after each tick. */
  run(ticks: number): void {
    for (let tick = 0; tick < ticks; tick += 1) {
      for (const member of this.members.values()) if (member.up) member.raft.tick();
      this.stabilize();
    }
  }

  elect(id: number): void {
    this.member(id).raft.campaign();
    this.stabilize();
  }

  #send(message: Message): void {
    if (this.#cut.has(`${message.from}-${message.to}`)) return;
    const sender = this.members.get(message.from);
    if (message.kind !== 'snapshot' || sender === undefined) this.packets.push({ message, state: [] });
    else {
      // Where nothing is compacted the sender copies its state for whoever has none.
      const mark = message.mark.index === 0 ? sender.mark : message.mark;
      this.packets.push({ message: { ...message, mark }, state: [...sender.state] });
    }
  }
}
