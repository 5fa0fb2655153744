import { type Index, index } from '../numbers.js';
import type { FollowerProgress } from './types.js';
import { Window } from './window.js';

/**
 * What the leader knows of one follower's log.
 *
 *     probe      where do we agree? one append at a time, the next after a reply or a heartbeat round
 *     replicate  appends are sent ahead of their replies, as many as the window holds
 *     snapshot   the follower needs what is compacted; nothing is sent until the snapshot has arrived or failed
 *
 * probe → replicate on the first acknowledgement; replicate → probe on a refusal or a lost connection.
 */
export class Progress {
  recentlyActive = false;
  /** The highest read round it has confirmed. */
  readRound = 0;
  /** The commit index it has been told, as far as its log goes. */
  commitTold = index(0);
  /** To be probed with an append even if there is nothing new: an append may have been lost. */
  suspect = false;
  readonly #inFlight = new Window();
  readonly #inFlightMax: number;
  #match = index(0);
  #next: Index;
  #state: FollowerProgress['state'] = 'probe';
  #paused = false;
  #snapshotIndex = index(0);

  constructor(next: Index, inFlightMax: number) {
    this.#next = next;
    this.#inFlightMax = inFlightMax;
  }

  get match(): Index {
    return this.#match;
  }

  get next(): Index {
    return this.#next;
  }

  get state(): FollowerProgress['state'] {
    return this.#state;
  }

  get isProbing(): boolean {
    return this.#state === 'probe';
  }

  get mayAppend(): boolean {
    if (this.#state === 'probe') return !this.#paused;
    return this.#state === 'replicate' && this.#inFlight.count < this.#inFlightMax;
  }

  view(): FollowerProgress {
    const { recentlyActive } = this;
    return { match: this.#match, next: this.#next, state: this.#state, inFlight: this.#inFlight.count, recentlyActive };
  }

  /** An append with the entries up to `last` (of `bytes`) has gone out. */
  appended(last: Index, bytes: number): void {
    this.suspect = false;
    if (this.#state === 'probe') this.#paused = true;
    else if (last >= this.#next) this.#replicate(last, bytes);
  }

  /** The follower has everything up to `last`; stale news changes nothing. */
  accepted(last: Index, firstIndex: Index): void {
    if (last < this.#match) return;
    this.#match = last;
    this.#next = index(Math.max(this.#next, last + 1));
    this.#inFlight.release(last);
    const waitsForSnapshot = this.#state === 'snapshot' && last < this.#snapshotIndex && last + 1 < firstIndex;
    if (this.#state !== 'replicate' && !waitsForSnapshot) this.#become('replicate', last + 1);
  }

  /** The follower refused what follows `refused`, and we may agree at `hint`. False: stale. */
  rejected(refused: Index, hint: Index): boolean {
    if (this.#state === 'replicate') return this.#rejectedAhead(refused);
    if (this.#state === 'snapshot' || this.#next - 1 !== refused) return false;
    this.#next = index(Math.max(Math.min(refused, hint + 1), this.#match + 1));
    this.#paused = false;
    return true;
  }

  /** A heartbeat came back: whatever was under way has arrived by now, or is lost. */
  answeredHeartbeat(last: Index): void {
    this.recentlyActive = true;
    this.#paused = false;
    if (this.#state !== 'replicate' || this.#match >= last) return;
    this.suspect = true;
    if (this.#inFlight.count >= this.#inFlightMax) this.#inFlight.releaseFirst();
  }

  unreachable(): void {
    if (this.#state === 'replicate') this.#become('probe', this.#match + 1);
  }

  snapshotStarted(at: Index): void {
    this.#become('snapshot', this.#next);
    this.#snapshotIndex = at;
  }

  /** Probes from there on after its reply or the next heartbeat round, so that a failing snapshot is not sent in a loop. */
  snapshotEnded(arrived: boolean): void {
    if (this.#state !== 'snapshot') return;
    this.#become('probe', Math.max(this.#match, arrived ? this.#snapshotIndex : 0) + 1);
    this.#paused = true;
  }

  #replicate(last: Index, bytes: number): void {
    this.#next = index(last + 1);
    this.#inFlight.open(last, bytes);
  }

  #rejectedAhead(refused: Index): boolean {
    if (refused <= this.#match) return false;
    this.#become('probe', this.#match + 1);
    return true;
  }

  #become(state: FollowerProgress['state'], next: number): void {
    this.#state = state;
    this.#next = index(next);
    this.#paused = false;
    this.suspect = false;
    this.#inFlight.clear();
  }
}
