import type { Cancel, Clock } from '../clock.js';
import { ClusterError } from '../errors.js';
import { idText } from '../numbers.js';
import type { Identity } from './data-dir.js';

export const wasRemoved = ({ name, memberId }: Identity): ClusterError =>
  new ClusterError(
    'member-removed',
    `this member, ${name} (${idText(memberId)}), was removed from the cluster`,
    { name, id: idText(memberId) },
    {
      hint: 'its data can not be used again: add it anew (etcdctl member add), and start it with an empty --data-dir and --initial-cluster-state=existing',
    },
  );

const pollMs = 50;
/** So long it goes on at least: its clients have their answers then, and those who stay its vote, should they need it. */
const lingerMsMin = 1000;

/** So many times as long, where nobody says that they know. */
const lingerTimesMax = 30;

/** How a member that was removed comes to its end: not in the middle of a sentence, not while it leads, and not before
 * somebody else knows of it, as far as that can be waited for. */
export class Removal {
  readonly #clock: Clock;
  readonly #electionMs: number;
  readonly #isLeader: () => boolean;
  readonly #onEnd: () => void;
  #began: number | undefined;
  #isKnown = false;
  #cancel: Cancel = () => {};

  constructor(clock: Clock, electionMs: number, isLeader: () => boolean, onEnd: () => void) {
    this.#clock = clock;
    this.#electionMs = electionMs;
    this.#isLeader = isLeader;
    this.#onEnd = onEnd;
  }

  /** Somebody who stays has said so: the others can go on without this one. */
  known(): void {
    this.#isKnown = true;
  }

  /** False: it had begun. */
  begin(): boolean {
    if (this.#began !== undefined) return false;
    this.#began = this.#clock.now();
    this.#wait();
    return true;
  }

  cancel(): void {
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(pollMs, () => {
      if (this.#isOver) this.#onEnd();
      else this.#wait();
    });
  }

  get #isOver(): boolean {
    const elapsed = this.#clock.now() - (this.#began ?? 0);
    const linger = Math.max(lingerMsMin, this.#electionMs);
    if (this.#isKnown && !this.#isLeader()) return elapsed >= linger;
    return elapsed >= lingerTimesMax * linger;
  }
}
