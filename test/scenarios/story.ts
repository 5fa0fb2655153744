import { index, memberId } from '../../cluster/numbers.js';
import { type Packet, SimulatedCluster } from '../cluster/raft/simulated-cluster.js';
import type { SimulatedMember } from '../cluster/raft/simulated-member.js';
import { logText, messageText, readyLines, statusLines } from './words.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Plays a story: a command in, what comes of it out. After each command every member that is up does what it can without news
 * from others; messages wait until they are delivered. The commands are listed in README.md.
 */
export class Story {
  #cluster = new SimulatedCluster(0);
  readonly #slow = new Set<bigint>();
  readonly #said = new WeakSet<Packet>();
  readonly #roles = new Map<bigint, string>();
  #output: string[] = [];
  readonly #commands: Readonly<Record<string, (words: readonly string[]) => void>> = {
    cluster: (words) => this.#start(words),
    tick: ([id, times = '1']) => this.#repeat(Number(times), () => this.#member(id).raft.tick()),
    propose: ([id, ...values]) => this.#say(this.#member(id).raft.propose(values.map(bytes))),
    change: ([id, change = '']) => this.#say(this.#member(id).raft.proposeMembership(bytes(change))),
    read: ([id, context]) => this.#member(id).raft.readIndex(Number(context)),
    campaign: ([id]) => this.#member(id).raft.campaign(),
    transfer: ([id, to]) => this.#member(id).raft.transferLeadership(memberId(BigInt(to ?? 0))),
    deliver: (words) => this.#take(words, (packet) => this.#cluster.deliver(packet)),
    drop: (words) => this.#take(words, () => {}),
    repeat: (words) => this.#repeatPackets(words),
    stabilize: () => this.#stabilize(),
    isolate: ([id]) => this.#cluster.isolate(Number(id)),
    cut: ([one, other]) => this.#cluster.cut(Number(one), Number(other)),
    heal: () => this.#cluster.heal(),
    crash: ([id]) => this.#member(id).crash(),
    restart: ([id]) => this.#member(id).restart(),
    slow: ([id]) => void this.#slow.add(this.#member(id).id),
    sync: ([id]) => this.#member(id).finishWrite(),
    fast: ([id]) => void this.#slow.delete(this.#member(id).id),
    compact: ([id, upTo]) => this.#member(id).compact(index(Number(upTo))),
    unreachable: ([id, other]) => this.#member(id).raft.reportUnreachable(memberId(BigInt(other ?? 0))),
    snapshot: ([id, to, outcome]) => this.#reportSnapshot(id, to, outcome),
    membership: ([id, ...sets]) => this.#setMembership(id, sets),
    status: (ids) => this.#tell(ids, ({ id, raft }) => statusLines(id, raft.status())),
    log: (ids) => this.#tell(ids, ({ id, log }) => [logText(id, log.mark(), log.all())]),
  };

  /** The lines to record under the command. */
  play(command: string): readonly string[] {
    const [name = '', ...words] = command.split(/\s+/);
    const run = this.#commands[name];
    if (run === undefined) throw new Error(`there is no command "${name}"`);
    this.#output = [];
    run(words);
    this.#settle();
    return this.#output;
  }

  /** `cluster 3 learners=1 inFlightMax=2 random=0.5 log1=1,1,2` */
  #start([voters, ...settings]: readonly string[]): void {
    const numbers: Record<string, number> = {};
    const logs: number[][] = [];
    for (const setting of settings) {
      const [name = '', value = ''] = setting.split('=');
      if (name.startsWith('log')) logs[Number(name.slice(3)) - 1] = value.split(',').map(Number);
      else numbers[name] = Number(value);
    }
    const { random = 0, ...options } = numbers;
    this.#cluster = new SimulatedCluster(Number(voters), { ...options, random: () => random, logs });
  }

  #settle(): void {
    for (const member of this.#cluster.members.values()) if (member.up) this.#settleMember(member);
    for (const packet of this.#cluster.packets) this.#sayPacket(packet);
  }

  #settleMember(member: SimulatedMember): void {
    this.#sayRole(member);
    const isSlow = this.#slow.has(member.id);
    while (member.raft.hasReady() || (!isSlow && member.pendingWrites > 0)) {
      if (member.raft.hasReady()) this.#say(...readyLines(member.id, member.take()));
      if (!isSlow) member.finishWrite();
    }
  }

  #sayRole({ id, raft }: SimulatedMember): void {
    const { role, term } = raft.status();
    const told = `${id} is ${role} in term ${term}`;
    if (this.#roles.get(id) !== told) this.#say(told);
    this.#roles.set(id, told);
  }

  #sayPacket(packet: Packet): void {
    if (this.#said.has(packet)) return;
    this.#said.add(packet);
    this.#say(messageText(packet.message));
  }

  /** Without the messages: the events that they lead to. */
  #stabilize(): void {
    this.#settle();
    while (this.#cluster.packets.length > 0) {
      for (const packet of this.#cluster.packets.splice(0)) this.#cluster.deliver(packet);
      for (const member of this.#cluster.members.values()) if (member.up) this.#settleMember(member);
    }
  }

  /** `1->2 append`: those on the way from 1 to 2, of that kind; `*` for anybody; nothing for all. */
  #take([route = '*->*', kind]: readonly string[], act: (packet: Packet) => void): void {
    const [from, to] = route.split('->');
    const matches = ({ message }: Packet) =>
      (from === '*' || from === `${message.from}`) &&
      (to === '*' || to === `${message.to}`) &&
      (kind === undefined || kind === message.kind);
    const taken = this.#cluster.packets.filter(matches);
    if (taken.length === 0) this.#say('nothing on the way');
    this.#cluster.packets = this.#cluster.packets.filter((packet) => !matches(packet));
    for (const packet of taken) act(packet);
  }

  #repeatPackets(words: readonly string[]): void {
    this.#take(words, (packet) => this.#cluster.packets.push(packet, packet));
  }

  #reportSnapshot(id: string | undefined, to: string | undefined, outcome: string | undefined): void {
    if (outcome !== 'sent' && outcome !== 'failed') throw new Error(`a snapshot is sent or failed, not ${outcome}`);
    this.#member(id).raft.reportSnapshot(memberId(BigInt(to ?? 0)), outcome);
  }

  /** `membership * 1,2,3 outgoing=1,4,5 learners=6` */
  #setMembership(id: string | undefined, [voters = '', ...sets]: readonly string[]): void {
    const list = (text: string) => text.split(',').map((member) => memberId(BigInt(member)));
    const others = Object.fromEntries(
      sets.map((set) => set.split('=')).map(([name, text]) => [name, list(text ?? '')]),
    );
    const membership = { voters: list(voters), outgoing: [], learners: [], ...others };
    for (const member of this.#named(id === '*' || id === undefined ? [] : [id])) member.setMembership(membership);
  }

  #tell(ids: readonly string[], lines: (member: SimulatedMember) => readonly string[]): void {
    this.#settle();
    for (const member of this.#named(ids)) this.#say(...(member.up ? lines(member) : [`${member.id} is down`]));
  }

  #named(ids: readonly string[]): readonly SimulatedMember[] {
    return ids.length === 0 ? [...this.#cluster.members.values()] : ids.map((id) => this.#member(id));
  }

  #member(id: string | undefined): SimulatedMember {
    return this.#cluster.member(Number(id));
  }

  #repeat(times: number, act: () => void): void {
    for (let time = 0; time < times; time += 1) act();
  }

  #say(...lines: readonly string[]): void {
    this.#output.push(...lines);
  }
}
