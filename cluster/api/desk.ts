import { ClusterError } from '../errors.js';
import { noMember, type Revision } from '../numbers.js';
import type { Action, ActionResult, Caller } from '../operations/action.js';
import type { Header } from '../wire/responses.js';
import type { CallContext } from './context.js';
import { Headers } from './headers.js';
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

  /** Undefined when auth is off, or nothing was shown. @throws ClusterError invalid-auth-token */
  async caller(context: CallContext): Promise<Caller | undefined> {
    return this.state.auth.enabled ? this.state.authenticator.identify(context) : undefined;
  }

  /** Anybody, but somebody, while auth is on. @throws ClusterError user-empty, invalid-auth-token */
  async checkNamed(context: CallContext): Promise<void> {
    const caller = await this.caller(context);
    if (caller !== undefined || !this.state.auth.enabled) return;
    throw new ClusterError('user-empty', 'auth is enabled, and the request names nobody');
  }

  /**
   * Through the log, in the caller's name. A proposal refused as auth-old-revision has changed nothing: the caller is
   * identified anew and it is proposed again.
   */
  propose<Kind extends ActionResult['kind']>(action: Action, kind: Kind, context: CallContext) {
    return this.#whileStale(context, async (caller) => {
      const { result, revision } = await this.state.consensus.propose(action, caller);
      return { result: expected(result, kind), header: this.header(revision) };
    });
  }

  /** As `propose`, of what has nothing to answer but its header. */
  async change(action: Action, context: CallContext): Promise<{ header: Header }> {
    const { header } = await this.propose(action, 'done', context);
    return { header };
  }

  /** Outside the log: `read` must check and read in one go, without awaiting anything in between. */
  read<Result>(context: CallContext, read: (caller: Caller | undefined) => Result): Promise<Result> {
    return this.#whileStale(context, async (caller) => read(caller));
  }

  /** As `read`, of a state that holds everything committed before the call. */
  async readLinearized<Result>(context: CallContext, read: (caller: Caller | undefined) => Result): Promise<Result> {
    await this.state.consensus.linearize();
    return this.read(context, read);
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
