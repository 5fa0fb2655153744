import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokens } from '../../cluster/auth/tokens.js';
import type { LogFields, Logger } from '../../cluster/logger.js';
import { dataDir } from '../../cluster/member/data-dir.js';
import { Replica } from '../../cluster/member/replica.js';
import type { Member } from '../../cluster/members/members.js';
import type { ClusterId, MemberId } from '../../cluster/numbers.js';
import type { AccessDeclaration } from '../../cluster/operations/auth.js';
import { SimulatedClock } from './clock.js';
import { SimulatedDisk, type Tearing } from './disk.js';
import type { SimulatedNetwork } from './network.js';
import type { Schedule } from './schedule.js';
import { SlowDisk } from './slow-disk.js';

export interface HostOptions {
  readonly owner: number;
  readonly folder: string;
  readonly clusterId: ClusterId;
  readonly self: Member;
  /** Whom it knows of when it starts for the first time. */
  readonly members: () => readonly Member[];
  /** What a member hears that asks these who the members are. */
  readonly lookUp: (asking: MemberId, known: readonly Member[]) => Promise<readonly Member[]>;
  /** It joins a cluster that exists. */
  readonly isJoining: boolean;
  readonly access: AccessDeclaration | undefined;
  readonly schedule: Schedule;
  readonly network: SimulatedNetwork;
  readonly random: () => number;
  /** A sync takes up to this long. */
  readonly syncMsMax: number;
  readonly snapshotEntries: number;
  readonly catchUpEntries: number;
  /** What happens, in words. */
  readonly note: (line: string) => void;
  readonly onFailure: (error: Error) => void;
}

export type Ending = Tearing | 'kill';

/** From a start of the member to its end. */
interface Life {
  readonly clock: SimulatedClock;
  readonly disk: SlowDisk;
  readonly replica: Replica;
}

/**
 * A machine with one member on it: what of its data survives depends on how a life ends. A crash takes everything that the
 * log has not synced and the store has not committed. (A commit of the store is one step here, so it needs no copy that a
 * power cut would go back to: the one it would go back to is the last one that was committed.)
 */
export class SimulatedHost {
  readonly options: HostOptions;
  readonly disk: SimulatedDisk;
  /** Called with every end of a life: whoever waits for an answer will not get it. */
  onEnd: () => void = () => {};
  #life: Life | undefined;
  #isStarting = false;
  #isGone = false;
  #wasUp = false;
  #ending: Promise<void> = Promise.resolve();
  #crashWhileClosing = (): void => {};
  #installing = 0;
  #sending = 0;
  #durableBefore = 0;
  #appliedBefore = 0;

  constructor(options: HostOptions) {
    this.options = options;
    this.disk = new SimulatedDisk(options.random);
    options.schedule.waitFor(() => this.#isBusyWithFiles);
  }

  get replica(): Replica | undefined {
    return this.#life?.replica;
  }

  get wasUp(): boolean {
    return this.#wasUp;
  }

  /** It was removed from the cluster, and knows. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get isUp(): boolean {
    return this.#life !== undefined || this.#isStarting;
  }

  start(): void {
    if (this.#isGone || this.isUp) return;
    this.#isStarting = true;
    this.#wasUp = true;
    const started = this.#start().catch((error: unknown) => {
      this.options.onFailure(error instanceof Error ? error : new Error(String(error)));
    });
    this.options.schedule.track(started);
  }

  #leave(): void {
    this.#isGone = true;
    this.stop();
  }

  /** The member closes in order. */
  stop(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#end('stopped');
    life.disk.hurry();
    this.options.network.disconnect(this.options.self.id);
    this.#ending = this.#closed(life);
    this.options.schedule.track(this.#ending);
  }

  crash(ending: Ending): void {
    const life = this.#life;
    if (life === undefined) return;
    if (ending === 'kill') this.disk.kill();
    else this.disk.crash(ending);
    this.#afterCrash(life, `${ending}`);
  }

  pause(ms: number): void {
    this.#life?.clock.pause(ms);
  }

  /** It crashes at the so many-th action of its disk from now on. */
  crashAfter(actions: number, ending: Ending): void {
    const life = this.#life;
    if (life === undefined) return;
    void this.disk.crashAfter(actions, ending).then(() => {
      if (this.#life === life) this.#afterCrash(life, `${ending} after ${actions} actions`);
      else this.#crashWhileClosing();
    });
  }

  /** To be called after every event. */
  check(): void {
    const state = this.replica?.state;
    if (state === undefined) return;
    const { appliedIndex, durableIndex } = state;
    if (appliedIndex < this.#appliedBefore) throw new Error(`applied index ${this.#appliedBefore} -> ${appliedIndex}`);
    if (durableIndex > appliedIndex) throw new Error(`durable up to ${durableIndex}, applied up to ${appliedIndex}`);
    this.#appliedBefore = appliedIndex;
    this.#durableBefore = durableIndex;
  }

  async #closed({ replica, clock }: Life): Promise<void> {
    const crashed = new Promise<void>((resolve) => {
      this.#crashWhileClosing = () => {
        this.options.note('crashes while it stops');
        resolve(replica.state.close());
      };
    });
    await Promise.race([replica.close(), crashed]);
    clock.end();
    this.#crashWhileClosing = () => {};
    void this.disk.crashAfter(Number.POSITIVE_INFINITY, 'kill');
  }

  async #start(): Promise<void> {
    await this.#ending;
    const { options } = this;
    const { owner, schedule, random, self, folder } = options;
    const clock = new SimulatedClock(schedule, owner);
    const disk = new SlowDisk(this.disk.boot(), (done) =>
      schedule.at(owner, Math.ceil(random() * options.syncMsMax), done),
    );
    const dir = { ...dataDir(join(folder, self.name)), log: `/${self.name}/log` };
    for (const place of [dir.store, dir.snapshots]) await mkdir(place, { recursive: true });
    const network = options.network.connect({
      id: self.id,
      owner,
      random,
      snapshotFolder: dir.snapshots,
      pausedUntil: () => clock.pausedUntil,
      onTransfer: (isUnderWay) => {
        if (!clock.isOver) this.#sending += isUnderWay ? -1 : 1;
      },
    });
    const replica = await Replica.open({
      dir,
      identity: { clusterId: options.clusterId, memberId: self.id, name: self.name },
      initialMembers: options.members(),
      isJoining: options.isJoining,
      lookUpMembers: (known) => options.lookUp(self.id, known),
      access: options.access,
      heartbeatMs: 20,
      electionMs: 200,
      snapshotEntries: options.snapshotEntries,
      catchUpEntries: options.catchUpEntries,
      disk,
      network,
      clock,
      random,
      tokens: new Tokens({ now: () => clock.now() }),
      logger: this.#logger(clock),
      inlineState: true,
      onFailure: (error) => {
        if (error.code === 'member-removed') this.#leave();
        else options.onFailure(error);
      },
    });
    const { appliedIndex } = replica.state;
    if (appliedIndex < this.#durableBefore)
      throw new Error(`${self.name} was durable up to ${this.#durableBefore} and comes back at ${appliedIndex}`);
    this.#appliedBefore = appliedIndex;
    disk.slowDown();
    replica.start();
    this.#life = { clock, disk, replica };
    this.#isStarting = false;
    options.note(`starts at ${appliedIndex}`);
  }

  #afterCrash(life: Life, how: string): void {
    life.clock.end();
    this.#end(how);
    this.options.network.disconnect(this.options.self.id);
    this.#ending = life.replica.state.close();
    this.options.schedule.track(this.#ending);
  }

  #end(how: string): void {
    this.#life = undefined;
    this.#installing = 0;
    this.#sending = 0;
    this.options.note(how);
    this.onEnd();
  }

  /** Copies of the state are real files; all else is simulated, and goes on in virtual time. */
  get #isBusyWithFiles(): boolean {
    return this.#sending > 0 || (this.#installing > 0 && this.#life?.disk.isWaiting === false);
  }

  #logger(clock: SimulatedClock): Logger {
    const log = (message: string, fields: LogFields = {}): void => {
      if (clock.isOver) return;
      this.#sending += sendingSteps[message] ?? 0;
      this.#installing += installingSteps[message] ?? 0;
      this.options.note(`${message} ${JSON.stringify(fields, asText)}`);
    };
    return { debug() {}, info: log, warn: log, error: log };
  }
}

/** How the member's log tells that it works on files: outgoing copies, and an incoming one. */
const sendingSteps: Readonly<Record<string, number>> = {
  'sending a snapshot': 1,
  'sent a snapshot': -1,
  'a snapshot did not reach its follower': -1,
};
const installingSteps: Readonly<Record<string, number>> = { 'installing a snapshot': 1, 'installed a snapshot': -1 };

const asText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}` : value instanceof Error ? value.message : value;
