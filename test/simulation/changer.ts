import { ClusterError } from '../../cluster/errors.js';
import type { Replica } from '../../cluster/member/replica.js';
import type { Member } from '../../cluster/members/members.js';
import { type MemberId, memberId, noMember } from '../../cluster/numbers.js';
import type { Caller } from '../../cluster/operations/action.js';
import type { MemberChange } from '../../cluster/operations/members.js';
import type { SimulatedHost } from './host.js';
import type { Schedule } from './schedule.js';

const owner = 700;
const votersMax = 5;

export interface ChangerOptions {
  readonly schedule: Schedule;
  readonly hosts: readonly SimulatedHost[];
  readonly random: () => number;
  /** As whom it asks, where access is controlled. */
  readonly user: string | undefined;
  /** A machine for a member that may be about to be added; it is started when it was. */
  newHost(self: Member): SimulatedHost;
}

/** Whoever looks after the cluster: adds, promotes and removes members, the leader among them, whatever else goes wrong. */
export class Changer {
  readonly figures = { added: 0, promoted: 0, removed: 0, 'leader removed': 0 };
  readonly #options: ChangerOptions;
  #next = 1;
  #isOver = false;
  #isBusy = false;
  #giveUp: () => void = () => {};

  constructor(options: ChangerOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return !this.#isBusy;
  }

  start(): void {
    const { schedule, random } = this.#options;
    schedule.at(owner, Math.ceil(random() * 800), () => {
      if (this.#isOver) return;
      void this.#act().then(() => this.start());
    });
  }

  finish(): void {
    this.#isOver = true;
  }

  /** The member will never answer. */
  lost(host: SimulatedHost): void {
    if (this.#asked === host) this.#giveUp();
  }

  #asked: SimulatedHost | undefined;

  async #act(): Promise<void> {
    const { hosts } = this.#options;
    const host = hosts[this.#below(hosts.length)];
    const replica = host?.replica;
    if (host === undefined || !replica?.state.auth.bootstrapped) return;
    this.#isBusy = true;
    this.#asked = host;
    const lost = new Promise<void>((resolve) => {
      this.#giveUp = resolve;
    });
    await Promise.race([this.#change(replica).catch(onlyRefusals), lost]);
    this.#isBusy = false;
    this.#asked = undefined;
  }

  async #change(replica: Replica): Promise<void> {
    const members = replica.state.members.list();
    const voters = members.filter(({ isLearner }) => !isLearner);
    const learner = members.find(({ isLearner }) => isLearner);
    const dice = this.#below(4);
    if (dice === 0 && learner !== undefined) await this.#promote(replica, learner.id);
    else if (dice <= 1 && voters.length < votersMax) await this.#add(replica, this.#below(2) === 0);
    else if (dice >= 2 && voters.length > 1) await this.#remove(replica, members[this.#below(members.length)]?.id);
  }

  async #add(replica: Replica, isLearner: boolean): Promise<void> {
    const number = this.#next;
    this.#next += 1;
    const id = memberId(BigInt(1000 + number));
    const peerUrls = [`http://added${number}:2380`];
    const host = this.#options.newHost({ id, name: `added${number}`, peerUrls, clientUrls: [], isLearner });
    const change: MemberChange = { kind: 'member-add', id, peerUrls, isLearner, learnersMax: 2, strict: false };
    await this.#propose(replica, change);
    this.figures.added += 1;
    host.start();
  }

  async #promote(replica: Replica, id: MemberId): Promise<void> {
    const leader = this.#options.hosts.find((host) => host.replica?.standing.role === 'leader')?.replica;
    if (leader?.learner(id) !== 'ready') return;
    await this.#propose(replica, { kind: 'member-promote', id, strict: false });
    this.figures.promoted += 1;
  }

  /** A leader hands over first, most of the time, as the API has it. */
  async #remove(replica: Replica, id: MemberId | undefined): Promise<void> {
    if (id === undefined) return;
    const isLeader = replica.standing.leader === id && id !== noMember;
    if (isLeader && this.#options.random() < 0.8) {
      const others = replica.state.members.list().filter((one) => !one.isLearner && one.id !== id);
      const successor = others[this.#below(others.length)]?.id;
      if (successor !== undefined) replica.transferLeadership(successor);
      await new Promise<void>((resolve) => this.#options.schedule.at(owner, 300, resolve));
    }
    await this.#propose(replica, { kind: 'member-remove', id, strict: false });
    this.figures.removed += 1;
    if (isLeader) this.figures['leader removed'] += 1;
  }

  async #propose(replica: Replica, change: MemberChange): Promise<void> {
    await replica.consensus.propose(change, this.#caller(replica));
  }

  #caller({ state }: Replica): Caller | undefined {
    const { user } = this.#options;
    return user === undefined ? undefined : { user, authRevision: state.auth.revision };
  }

  #below(limit: number): number {
    return Math.floor(this.#options.random() * limit);
  }
}

function onlyRefusals(error: unknown): void {
  if (!(error instanceof ClusterError)) throw error;
}
