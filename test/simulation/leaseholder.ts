import { ClusterError } from '../../cluster/errors.js';
import type { Replica } from '../../cluster/member/replica.js';
import { type LeaseId, leaseId } from '../../cluster/numbers.js';
import { put } from '../cluster/store/operations.js';
import type { SimulatedHost } from './host.js';
import type { Schedule } from './schedule.js';

/** What a cluster has said of a lease: asked at `at`, it is to live until then at least. */
export interface Promised {
  readonly lease: LeaseId;
  readonly at: number;
  readonly until: number;
}

/** One client: has a lease with a key on it, keeps it alive for a while through any member, and then lets it end. */
export class Leaseholder {
  readonly promises: Promised[] = [];
  readonly #owner: number;
  readonly #schedule: Schedule;
  readonly #hosts: readonly SimulatedHost[];
  readonly #random: () => number;
  #lease: { readonly id: LeaseId; readonly seconds: number } | undefined;
  #count = 0;
  #isDone = false;
  #asking: SimulatedHost | undefined;
  #giveUp: () => void = () => {};

  constructor(owner: number, schedule: Schedule, hosts: readonly SimulatedHost[], random: () => number) {
    this.#owner = owner;
    this.#schedule = schedule;
    this.#hosts = hosts;
    this.#random = random;
  }

  start(): void {
    this.#schedule.at(this.#owner, Math.ceil(this.#random() * 400), () => {
      if (!this.#isDone) void this.#act().then(() => this.start());
    });
  }

  finish(): void {
    this.#isDone = true;
  }

  lost(host: SimulatedHost): void {
    if (this.#asking === host) this.#giveUp();
  }

  async #act(): Promise<void> {
    const host = this.#hosts[Math.floor(this.#random() * this.#hosts.length)];
    const replica = host?.replica;
    if (host === undefined || !replica?.state.auth.bootstrapped) return;
    this.#asking = host;
    const isLost = new Promise<undefined>((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    try {
      await Promise.race([
        isLost,
        this.#lease === undefined ? this.#grant(replica) : this.#renew(replica, this.#lease),
      ]);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
    } finally {
      this.#asking = undefined;
      if (this.#random() < 0.1) this.#lease = undefined;
    }
  }

  async #grant({ consensus }: Replica): Promise<void> {
    this.#count += 1;
    const id = leaseId(BigInt(this.#owner * 10_000 + this.#count));
    const seconds = 1 + Math.floor(this.#random() * 3);
    const at = this.#schedule.now;
    await consensus.propose({ kind: 'lease-grant', id, seconds }, undefined);
    this.#promise(id, at, seconds);
    this.#lease = { id, seconds };
    await consensus.propose(put(`${id}`, '', { lease: id }), undefined);
  }

  async #renew({ leaseKeeper }: Replica, { id }: { readonly id: LeaseId }): Promise<void> {
    const at = this.#schedule.now;
    const seconds = await leaseKeeper.renew(id, undefined);
    if (seconds === undefined) this.#lease = undefined;
    else this.#promise(id, at, seconds);
  }

  #promise(lease: LeaseId, at: number, seconds: number): void {
    this.promises.push({ lease, at, until: at + seconds * 1000 });
  }
}
