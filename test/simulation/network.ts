import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../../cluster/errors.js';
import type { MemberId } from '../../cluster/numbers.js';
import type { Message, SnapshotMark } from '../../cluster/raft/types.js';
import type { AnswerQuestion, Peer, PeerNetwork } from '../../cluster/transport/network.js';
import type { Schedule } from './schedule.js';

export interface NetworkHazards {
  /** Shares of messages. A proposal is never repeated: see PeerNetwork. */
  readonly lost: number;
  readonly repeated: number;
  /** A message takes up to this long, whatever was sent before it. */
  readonly delayMsMax: number;
  /** Of snapshots: they break off. */
  readonly brokenOff: number;
}

/** What the network hands to a member. */
interface Receiver {
  messages: (messages: readonly Message[]) => void;
  unreachable: (id: MemberId) => void;
  snapshot: (from: MemberId, mark: SnapshotMark, file: string) => Promise<void>;
  readonly topics: Map<string, AnswerQuestion>;
  removed: (error: ClusterError) => void;
  stranger: () => void;
}

/** So often somebody who was removed tries to connect to those who know. */
const strangersMs = 200;
const strangersOwner = 600;

/** A life of a member, and whom it takes for what. */
interface Life {
  readonly place: Place;
  readonly receiver: Receiver;
  peers: ReadonlySet<MemberId>;
  removed: ReadonlySet<MemberId>;
}

export interface Place {
  readonly id: MemberId;
  /** Of its events on the schedule. */
  readonly owner: number;
  readonly random: () => number;
  readonly snapshotFolder: string;
  /** Nothing can be handed to it before. */
  pausedUntil(): number;
  /** A snapshot's file is in the network's hands (true), or the sender's again. */
  onTransfer(isUnderWay: boolean): void;
}

interface Life {
  readonly place: Place;
  readonly receiver: Receiver;
}

/** Loses, repeats, delays and reorders messages, and copies snapshots, between members that are connected. */
export class SimulatedNetwork {
  hazards: NetworkHazards = { lost: 0, repeated: 0, delayMsMax: 5, brokenOff: 0 };
  readonly #schedule: Schedule;
  readonly #connected = new Map<MemberId, Life>();
  readonly #cut = new Set<string>();
  #files = 0;
  messagesSent = 0;
  snapshotsSent = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#tellStrangers();
  }

  /** From now on nothing passes from one to the other. */
  cut(from: MemberId, to: MemberId): void {
    this.#cut.add(`${from}-${to}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Gives a new life of the member its network. */
  connect(place: Place): PeerNetwork {
    const nobody = (): never => {
      throw new Error(`member ${place.id} does not listen yet`);
    };
    const strangers = { removed() {}, stranger() {} };
    const receiver: Receiver = {
      messages: nobody,
      unreachable: nobody,
      snapshot: nobody,
      topics: new Map(),
      ...strangers,
    };
    const life: Life = { place, receiver, peers: new Set(), removed: new Set() };
    this.#connected.set(place.id, life);
    const isAlive = (): boolean => this.#connected.get(place.id) === life;
    return {
      send: (messages) => {
        if (isAlive()) for (const message of messages) this.#send(place, message);
      },
      onMessages: (callback) => {
        receiver.messages = callback;
      },
      onUnreachable: (callback) => {
        receiver.unreachable = callback;
      },
      onSnapshot: (callback) => {
        receiver.snapshot = callback;
      },
      sendSnapshot: (to, mark, file) => this.#transfer(place, to, mark, file, isAlive),
      ask: (to, topic, question) => this.#ask(place, to, topic, question),
      onQuestion: (topic, answer) => {
        receiver.topics.set(topic, answer);
      },
      setPeers: (peers: readonly Peer[], removed = new Set()) => {
        life.peers = new Set(peers.map(({ id }) => id));
        life.removed = removed;
      },
      onRemoved: (callback) => {
        receiver.removed = callback;
      },
      onStranger: (callback) => {
        receiver.stranger = callback;
      },
      connectedMs: () => 0,
      close: async () => {
        if (isAlive()) this.disconnect(place.id);
      },
    };
  }

  /** Whether one could ask the other something now. */
  reaches(from: MemberId, to: MemberId): boolean {
    return this.#passes(from, to) && this.#passes(to, from);
  }

  disconnect(id: MemberId): void {
    this.#connected.delete(id);
  }

  #send(from: Place, message: Message): void {
    this.messagesSent += 1;
    const { lost, repeated } = this.hazards;
    if (from.random() < lost) {
      this.#sayUnreachable(from, message.to);
      return;
    }
    const times = from.random() < repeated && !message.kind.startsWith('propose') ? 2 : 1;
    for (let time = 0; time < times; time += 1)
      this.#schedule.at(from.owner, this.#delay(from), () => {
        if (this.#passes(from.id, message.to)) this.#deliver(from, message);
        else this.#sayUnreachable(from, message.to);
      });
  }

  /** As the transport does: strangers are turned away. */
  #isAdmitted(from: MemberId, target: Life): boolean {
    return target.peers.has(from) && this.#connected.get(from)?.peers.has(target.place.id) !== false;
  }

  #tellStrangers(): void {
    this.#schedule.at(strangersOwner, strangersMs, () => {
      for (const [id, { receiver }] of this.#connected) {
        const knows = (other: Life) => other.removed.has(id) && this.#passes(id, other.place.id);
        if ([...this.#connected.values()].some(knows))
          receiver.removed(new ClusterError('member-removed', `member ${id} was removed`));
      }
      this.#tellStrangers();
    });
  }

  /** What has come during a pause is read some time after it. */
  #deliver(from: Place, message: Message): void {
    const target = this.#connected.get(message.to);
    if (target === undefined) return;
    if (!this.#isAdmitted(from.id, target)) {
      if (!target.removed.has(from.id)) target.receiver.stranger();
      return;
    }
    const pauseMs = target.place.pausedUntil() - this.#schedule.now;
    if (pauseMs <= 0) target.receiver.messages([message]);
    else this.#schedule.at(from.owner, pauseMs + this.#delay(from), () => this.#deliver(from, message));
  }

  /** Both ways a message; one that is lost breaks the connection. */
  #ask(from: Place, to: MemberId, topic: string, question: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new ClusterError('connection-failed', `member ${to} is not reached`));
      this.#carry(from, to, lost, (target) => {
        const answer = target.receiver.topics.get(topic);
        if (answer === undefined) return lost();
        answer(from.id, question).then(
          (bytes) => this.#carry(target.place, from.id, lost, () => resolve(bytes)),
          (error: unknown) => this.#carry(target.place, from.id, lost, () => reject(error)),
        );
      });
    });
  }

  #carry(from: Place, to: MemberId, lost: () => void, arrive: (target: Life) => void): void {
    const isLost = from.random() < this.hazards.lost;
    this.#schedule.at(from.owner, this.#delay(from), () => {
      const target = this.#connected.get(to);
      if (isLost || target === undefined || !this.#passes(from.id, to)) return lost();
      const pauseMs = target.place.pausedUntil() - this.#schedule.now;
      if (pauseMs > 0) this.#schedule.at(from.owner, pauseMs + this.#delay(from), () => arrive(target));
      else arrive(target);
    });
  }

  #sayUnreachable(from: Place, to: MemberId): void {
    this.#schedule.at(from.owner, this.#delay(from), () => this.#connected.get(from.id)?.receiver.unreachable(to));
  }

  async #transfer(from: Place, to: MemberId, mark: SnapshotMark, file: string, isAlive: () => boolean): Promise<void> {
    if (!isAlive()) return new Promise(() => {});
    from.onTransfer(true);
    await new Promise<void>((resolve) => this.#schedule.at(from.owner, 10 * this.#delay(from), resolve));
    if (!isAlive()) return new Promise(() => {});
    try {
      await this.#arrive(from, to, mark, file);
    } finally {
      from.onTransfer(false);
    }
  }

  async #arrive(from: Place, to: MemberId, mark: SnapshotMark, file: string): Promise<void> {
    const target = this.#connected.get(to);
    if (
      target === undefined ||
      !this.#passes(from.id, to) ||
      !this.#isAdmitted(from.id, target) ||
      from.random() < this.hazards.brokenOff
    )
      throw new ClusterError('connection-failed', `the snapshot for ${to} broke off`);
    const { snapshotFolder } = target.place;
    this.#files += 1;
    this.snapshotsSent += 1;
    const arrived = join(snapshotFolder, `arrived-${this.#files}.db`);
    mkdirSync(snapshotFolder, { recursive: true });
    copyFileSync(file, arrived);
    const kept = target.receiver.snapshot(from.id, mark, arrived);
    this.#schedule.track(kept);
    await kept;
  }

  #passes(from: MemberId, to: MemberId): boolean {
    return !this.#cut.has(`${from}-${to}`) && this.#connected.has(to);
  }

  #delay({ random }: Place): number {
    return Math.ceil(random() * this.hazards.delayMsMax);
  }
}
