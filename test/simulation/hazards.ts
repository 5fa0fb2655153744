import type { Ending, SimulatedHost } from './host.js';
import type { SimulatedNetwork } from './network.js';
import type { Schedule } from './schedule.js';

const owner = 500;
const downMsMax = 1500;
const endings: readonly Ending[] = ['kill', 'kill', 'lose', 'keep', 512, 4096];

/** Everything that can go wrong, in an order that a seed decides. Some seeds have none of a hazard, others plenty. */
export class Hazards {
  readonly figures = { crashes: 0, outages: 0, stops: 0, partitions: 0, transfers: 0, pauses: 0 };
  readonly #schedule: Schedule;
  readonly #network: SimulatedNetwork;
  readonly #hosts: readonly SimulatedHost[];
  readonly #random: () => number;
  readonly #acts: readonly (readonly [weight: number, act: () => void])[];
  readonly #pauseMsMax: number;
  #isOver = false;

  constructor(schedule: Schedule, network: SimulatedNetwork, hosts: readonly SimulatedHost[], random: () => number) {
    this.#schedule = schedule;
    this.#network = network;
    this.#hosts = hosts;
    this.#random = random;
    const often = (): number => [0, 1, 4][this.#below(3)] ?? 0;
    this.#pauseMsMax = [400, 1500][this.#below(2)] ?? 400;
    this.#network.hazards = {
      lost: [0, 0.01, 0.1][this.#below(3)] ?? 0,
      repeated: [0, 0.1][this.#below(2)] ?? 0,
      delayMsMax: [2, 10, 60][this.#below(3)] ?? 2,
      brokenOff: [0, 0.3][this.#below(2)] ?? 0,
    };
    this.#acts = [
      [often(), () => this.#crash()],
      [often(), () => this.#crashOnTheDisk()],
      [often(), () => this.#outage()],
      [often(), () => this.#stop()],
      [2 * often(), () => this.#isolate()],
      [often(), () => this.#cutOneWay()],
      [2 * often(), () => this.#transfer()],
      [2 * often(), () => this.#pause()],
      [2, () => this.#network.heal()],
    ];
  }

  start(): void {
    this.#schedule.at(owner, Math.ceil(this.#random() * this.#pauseMsMax), () => {
      if (this.#isOver) return;
      this.#act();
      this.start();
    });
  }

  /** From now on everybody is up, and everything arrives. */
  finish(): void {
    this.#isOver = true;
    this.#network.heal();
    this.#network.hazards = { lost: 0, repeated: 0, delayMsMax: 5, brokenOff: 0 };
    for (const host of this.#hosts) {
      host.disk.crashAfter(Number.POSITIVE_INFINITY, 'kill');
      // Who has not joined yet is started by whoever adds it.
      if (!host.isUp && !(host.options.isJoining && !host.wasUp)) host.start();
    }
  }

  #act(): void {
    const total = this.#acts.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#below(total);
    for (const [weight, act] of this.#acts) {
      at -= weight;
      if (at >= 0) continue;
      act();
      return;
    }
  }

  #crash(): void {
    this.figures.crashes += 1;
    const host = this.#any();
    host.crash(this.#anyEnding());
    this.#startLater(host);
  }

  #crashOnTheDisk(): void {
    this.figures.crashes += 1;
    const host = this.#any();
    host.crashAfter(1 + this.#below(20), this.#anyEnding());
    this.#startLater(host);
  }

  /** All members at once. */
  #outage(): void {
    this.figures.outages += 1;
    for (const host of this.#hosts) host.crash(this.#anyEnding());
    const together = this.#random() < 0.5;
    for (const host of this.#hosts) {
      if (!host.wasUp) continue;
      if (together) host.start();
      else this.#startLater(host);
    }
  }

  #stop(): void {
    this.figures.stops += 1;
    const host = this.#any();
    host.stop();
    this.#startLater(host);
  }

  /** If it is down by then. */
  #startLater(host: SimulatedHost): void {
    this.#later(() => {
      if (!host.isUp && host.wasUp) host.start();
    });
  }

  #later(act: () => void): void {
    this.#schedule.at(owner, Math.ceil(this.#random() * downMsMax), () => {
      if (!this.#isOver) act();
    });
  }

  #isolate(): void {
    this.figures.partitions += 1;
    const alone = this.#any();
    for (const other of this.#hosts) if (other !== alone) this.#cut(alone, other);
    this.#later(() => this.#network.heal());
  }

  #cutOneWay(): void {
    this.figures.partitions += 1;
    this.#network.cut(this.#any().options.self.id, this.#any().options.self.id);
    this.#later(() => this.#network.heal());
  }

  #cut(one: SimulatedHost, other: SimulatedHost): void {
    this.#network.cut(one.options.self.id, other.options.self.id);
    this.#network.cut(other.options.self.id, one.options.self.id);
  }

  #pause(): void {
    this.figures.pauses += 1;
    this.#any().pause(this.#below(downMsMax));
  }

  #transfer(): void {
    this.figures.transfers += 1;
    this.#any().replica?.transferLeadership(this.#any().options.self.id);
  }

  #any(): SimulatedHost {
    const host = this.#hosts[this.#below(this.#hosts.length)];
    if (host === undefined) throw new Error('there are no hosts');
    return host;
  }

  #anyEnding(): Ending {
    return endings[this.#below(endings.length)] ?? 'kill';
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
