import type { Clock } from '../clock.js';
import type { Members } from '../members/members.js';
import type { MemberId } from '../numbers.js';
import type { Member } from '../operations/members.js';
import type { PeerNetwork } from '../transport/network.js';

/** Asks the members that this one knows of who the members are. */
export type LookUp = (known: readonly Member[]) => Promise<readonly Member[]>;

const againMs = 1000;

/**
 * Whom the network lets in: the members of the replicated state, and those that one of them vouches for. A member that was
 * away does not know who came meanwhile, and one of those may lead: were it refused, the log that names it would never come.
 */
export class Acquaintances {
  readonly #self: MemberId;
  readonly #members: Members;
  readonly #network: PeerNetwork;
  readonly #clock: Clock;
  readonly #lookUp: LookUp;
  #vouchedFor: readonly Member[] = [];
  #isAsking = false;

  constructor(self: MemberId, members: Members, network: PeerNetwork, clock: Clock, lookUp: LookUp) {
    this.#self = self;
    this.#members = members;
    this.#network = network;
    this.#clock = clock;
    this.#lookUp = lookUp;
  }

  /** To be called at the beginning, and when the members have changed. */
  update(): void {
    const { removed } = this.#members;
    const isNew = ({ id }: Member) => this.#members.member(id) === undefined && !removed.has(id);
    this.#vouchedFor = this.#vouchedFor.filter(isNew);
    const others = [...this.#members.list(), ...this.#vouchedFor].filter(({ id }) => id !== this.#self);
    this.#network.setPeers(
      others.map(({ id, name, peerUrls }) => ({ id, name, urls: peerUrls })),
      removed,
    );
  }

  /** Somebody who calls itself a member was turned away. */
  async stranger(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#vouchedFor = await this.#lookUp(this.#members.list().filter(({ id }) => id !== this.#self));
    this.update();
    this.#clock.after(againMs, () => {
      this.#isAsking = false;
    });
  }
}
