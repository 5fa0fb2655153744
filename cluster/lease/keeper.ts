import type { Clock } from '../clock.js';
import type { Consensus } from '../consensus.js';
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import { type LeaseId, type MemberId, noMember } from '../numbers.js';
import type { Caller } from '../operations/action.js';
import { type AnsweringParts, answerAsLeader } from './answering.js';
import { Certainty } from './certainty.js';
import type { Lease } from './leases.js';
import { decodeAnswers, decodeQuestions, encodeAnswers, encodeQuestions, type LeaseQuestion } from './questions.js';

export interface KeeperParts extends Omit<AnsweringParts, 'certainty'> {
  readonly consensus: Pick<Consensus, 'linearize' | 'status'>;
  readonly ask: (leader: MemberId, questions: Uint8Array) => Promise<Uint8Array>;
  readonly clock: Clock;
  /** etcd: 5 s and twice the election timeout. */
  readonly timeoutMs: number;
  /** How long a leader goes by one read index; at most what the next one adds to every lease. */
  readonly certainMs: number;
}

interface Waiter {
  readonly question: LeaseQuestion;
  readonly deadline: number;
  resolve(seconds: number | undefined): void;
  reject(error: unknown): void;
}

const batchMax = 1000;
const waitingMax = 50_000;
const retryMs = 50;
const holdMs = 100;

/** Another leader may answer, or the same one a little later. */
const passing: ReadonlySet<ClusterErrorCode> = new Set<ClusterErrorCode>([
  'no-leader',
  'not-leader',
  'leader-changed',
  'connection-failed',
  'cancelled',
  'timeout',
  'timeout-leader-failure',
  'timeout-connection-lost',
  'stopped',
]);

/**
 * Keeps leases alive and tells what is left of them, neither of which is in the log: by the leader's clock. All that is
 * asked in one turn is one batch, for one look whether the leader still leads; elsewhere than on the leader it goes there
 * as one message.
 */
export class LeaseKeeper {
  readonly #parts: KeeperParts;
  readonly #certainty: Certainty;
  #queue: Waiter[] = [];
  #waiting = 0;
  #sendIsDue = false;
  #underWay = 0;
  #heldUntil = 0;
  #isHeld = false;
  #refusal: ClusterError | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#certainty = new Certainty(parts);
  }

  /**
   * Begins the lease anew. Gives its time in seconds; undefined when there is no such lease.
   * @throws ClusterError permission-denied, auth-old-revision, user-empty; no-leader, timeout, too-many-requests, stopped
   */
  renew(id: LeaseId, caller: Caller | undefined): Promise<number | undefined> {
    return this.#ask({ kind: 'renew', id, caller });
  }

  /** The seconds that are left of a lease, rounded down; undefined when there is no such lease. @throws as `renew` */
  remaining(id: LeaseId): Promise<number | undefined> {
    return this.#ask({ kind: 'remaining', id, caller: undefined });
  }

  /** Those that end first come first, where this member leads; others know no times and leave them as they are. */
  inOrder(leases: readonly Lease[]): readonly Lease[] {
    return this.#parts.deadlines.inOrder(leases);
  }

  /** For another member that takes this one for the leader. @throws ClusterError not-leader */
  async answer(questions: Uint8Array): Promise<Uint8Array> {
    return encodeAnswers(await this.#asLeader(decodeQuestions(questions)));
  }

  /** Rejects everybody who comes from now on, and who waits as soon as it is looked at. */
  stop(reason: ClusterError): void {
    this.#refusal = reason;
  }

  async #ask(question: LeaseQuestion): Promise<number | undefined> {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#waiting >= waitingMax)
      throw new ClusterError('too-many-requests', `${this.#waiting} requests about leases wait`);
    const deadline = this.#parts.clock.now() + this.#parts.timeoutMs;
    this.#waiting += 1;
    try {
      return await new Promise<number | undefined>((resolve, reject) => {
        this.#enqueue([{ question, deadline, resolve, reject }]);
      });
    } finally {
      this.#waiting -= 1;
    }
  }

  #enqueue(waiters: readonly Waiter[]): void {
    this.#queue.push(...waiters);
    this.#sendSoon();
  }

  #sendSoon(): void {
    if (this.#sendIsDue) return;
    this.#sendIsDue = true;
    this.#parts.clock.soon(() => {
      this.#sendIsDue = false;
      this.#send();
    });
  }

  /** While a batch is answered the next one gathers; but not for long, if that takes long. */
  #send(): void {
    const { clock } = this.#parts;
    if (this.#queue.length === 0) return;
    if (this.#underWay > 0 && clock.now() < this.#heldUntil) {
      if (!this.#isHeld) clock.after(holdMs, () => this.#release());
      this.#isHeld = true;
      return;
    }
    const batch = this.#queue.splice(0, batchMax);
    this.#underWay += 1;
    this.#heldUntil = clock.now() + holdMs;
    void this.#settle(batch).then(() => {
      this.#underWay -= 1;
      this.#send();
    });
    if (this.#queue.length > 0) this.#sendSoon();
  }

  #release(): void {
    this.#isHeld = false;
    this.#send();
  }

  async #settle(batch: readonly Waiter[]): Promise<void> {
    try {
      const answers = await this.#answersTo(batch.map(({ question }) => question));
      const ending: Waiter[] = [];
      for (const [at, waiter] of batch.entries()) {
        const answer = answers[at];
        if (answer === undefined || answer.kind === 'ending') ending.push(waiter);
        else if (answer.kind === 'refused') waiter.reject(answer.error);
        else waiter.resolve(answer.seconds);
      }
      if (ending.length > 0)
        this.#again(ending, new ClusterError('timeout', 'a lease that has expired is not revoked'));
    } catch (error) {
      if (error instanceof ClusterError && passing.has(error.code)) this.#again(batch, error);
      else for (const waiter of batch) waiter.reject(error);
    }
  }

  async #answersTo(questions: readonly LeaseQuestion[]) {
    const { consensus, ask } = this.#parts;
    const { leader, memberId } = consensus.status();
    if (leader === noMember) throw new ClusterError('no-leader', 'this member knows no leader');
    if (leader === memberId) return this.#asLeader(questions);
    const answers = decodeAnswers(await ask(leader, encodeQuestions(questions)));
    // This member identifies the callers again: it is to know what the leader knows of users and roles by then.
    const isStale = answers.some((answer) => answer.kind === 'refused' && answer.error.code === 'auth-old-revision');
    if (isStale) await consensus.linearize();
    return answers;
  }

  #asLeader(questions: readonly LeaseQuestion[]) {
    return answerAsLeader({ certainty: this.#certainty, ...this.#parts }, questions);
  }

  #again(waiters: readonly Waiter[], error: ClusterError): void {
    const { clock } = this.#parts;
    const refusal = this.#refusal;
    const late = waiters.filter(({ deadline }) => refusal !== undefined || deadline <= clock.now() + retryMs);
    for (const { reject } of late) reject(refusal ?? timeoutOf(error));
    const rest = waiters.filter((waiter) => !late.includes(waiter));
    if (rest.length > 0) clock.after(retryMs, () => this.#enqueue(rest));
  }
}

/** What a client is told when time is up: that there is no leader, or that there was no answer. */
const timeoutOf = (error: ClusterError): ClusterError =>
  error.code === 'no-leader' || error.code.startsWith('timeout')
    ? error
    : new ClusterError('timeout', `no leader has answered: ${error.message}`, {}, { cause: error });
