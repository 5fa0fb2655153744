import { noSpace } from '../alarms/alarms.js';
import { costOf } from '../alarms/cost.js';
import { ClusterError } from '../errors.js';
import { noMember, type Revision } from '../numbers.js';
import type { Action, ActionResult, Caller } from '../operations/action.js';
import type { Header } from '../wire/responses.js';
import type { CallContext } from './context.js';
import { Headers } from './headers.js';
import { ReadTurns } from './read-turns.js';
import type { ApiState } from './state.js';

type ResultOf<Kind extends ActionResult['kind']> = Extract<ActionResult, { kind: Kind }>;

/** How often a caller is identified anew because users or roles changed between that and the decision. */
const identifiedMax = 3;

const isStale = (error: unknown): boolean => error instanceof ClusterError && error.code === 'auth-old-revision';

/**
 * What all handlers do the same way: find out who calls, go through the log or wait for it, fill the header.
 * These waits end by themselves, at the deadline that consensus has for them, and a proposal under way can't be taken
 * back: so they go without an AbortSignal, whose making alone took 5 % of the CPU of a put.
 */
export class Desk {
  readonly state: ApiState;
  readonly #headers: Headers;
  readonly #turns = new ReadTurns();

  constructor(state: ApiState) {
    this.state = state;
    this.#headers = new Headers(state.consensus);
  }

  header(revision: Revision = this.state.kv.revision): Header {
    return this.#headers.at(revision);
  }

  /** @throws ClusterError no-leader, when the caller wants one and there is none */
  checkLeader(context: CallContext): void {
    if (!context.leaderRequired || this.state.consensus.status().leader !== noMember) return;
    throw new ClusterError('no-leader', 'this member knows no leader');
  }

  /** @throws ClusterError not-supported-for-learner, unless it is something that a learner answers */
  checkLearner(isServed: boolean): void {
    if (isServed || !this.state.isLearner()) return;
    throw new ClusterError('not-supported-for-learner', 'this member is a learner');
  }

  /** Undefined when auth is off, or nothing was shown. @throws ClusterError invalid-auth-token */
  async caller(context: CallContext): Promise<Caller | undefined> {
    if (!this.state.auth.enabled) return undefined;
    const caller = await this.state.authenticator.identify(context);
    context.user = caller?.user;
    return caller;
  }

  /** Anybody, but somebody, while auth is on. @throws ClusterError user-empty, invalid-auth-token */
  async checkNamed(context: CallContext): Promise<void> {
    this.state.permissions.checkNamed(await this.caller(context));
  }

  /**
   * Through the log, in the caller's name. A proposal refused as auth-old-revision has changed nothing: the caller is
   * identified anew and it is proposed again.
   */
  propose<Kind extends ActionResult['kind']>(action: Action, kind: Kind, context: CallContext) {
    return this.#whileStale(context, async (caller) => {
      if (context.reader.isFull) await this.#turns.room(context);
      if (!this.#hasRoom(action)) await this.#refuseForSpace(action, caller);
      const { result, revision } = await this.state.consensus.propose(action, caller);
      return { result: expected(result, kind), header: this.header(revision) };
    });
  }

  /** As `propose`, of what has nothing to answer but its header. */
  async change(action: Action, context: CallContext): Promise<{ header: Header }> {
    const { header } = await this.propose(action, 'done', context);
    return { header };
  }

  /** Where another member decides: `ask` is repeated for a caller that it finds identified too long ago. */
  elsewhere<Result>(context: CallContext, ask: (caller: Caller | undefined) => Promise<Result>): Promise<Result> {
    return this.#whileStale(context, ask);
  }

  /**
   * Outside the log: `read` must check and read in one go, without awaiting anything in between.
   * @param hasBegun for another part of what was begun
   */
  read<Result>(context: CallContext, read: (caller: Caller | undefined) => Result, hasBegun = false): Promise<Result> {
    return this.#whileStale(context, async (caller) => {
      const turn = this.#turns.wait(context, hasBegun);
      if (turn !== undefined) await turn;
      return this.#turns.take(context, () => read(caller));
    });
  }

  /** As `read`, of a state that holds everything committed before the call. */
  async readLinearized<Result>(context: CallContext, read: (caller: Caller | undefined) => Result): Promise<Result> {
    await this.state.consensus.linearize();
    return this.read(context, read);
  }

  /** Whether this member's own file takes it; that of the others has much the same size. */
  #hasRoom(action: Action): boolean {
    const { quota, size } = this.state.storage;
    if (quota === undefined) return true;
    const cost = costOf(action);
    return cost === 0 || size() + cost < quota;
  }

  /** Raises the alarm, on which all members act; not for somebody who could not have made the change. */
  async #refuseForSpace(action: Action, caller: Caller | undefined): Promise<never> {
    const { permissions, alarms, consensus } = this.state;
    alarms.checkAction(action);
    permissions.checkAction(caller, action);
    const { memberId: member } = consensus.status();
    const alarm = { member, alarm: 'no-space' } as const;
    await consensus.propose({ kind: 'alarm', change: 'raise', ...alarm }, undefined);
    throw noSpace([alarm]);
  }

  async #whileStale<Result>(
    context: CallContext,
    work: (caller: Caller | undefined) => Promise<Result>,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(await this.caller(context));
      } catch (error) {
        if (attempt === identifiedMax || !isStale(error)) throw error;
      }
    }
  }
}

function expected<Kind extends ActionResult['kind']>(result: ActionResult, kind: Kind): ResultOf<Kind> {
  if (result.kind === kind) return result as ResultOf<Kind>;
  throw new Error(`an action that comes to "${kind}" came to "${result.kind}"`);
}
