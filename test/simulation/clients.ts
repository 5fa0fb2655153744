import { ClusterError, type ClusterErrorCode } from '../../cluster/errors.js';
import type { Replica } from '../../cluster/member/replica.js';
import { revision } from '../../cluster/numbers.js';
import type { Action, Caller, Outcome } from '../../cluster/operations/action.js';
import type { RangeResult } from '../../cluster/operations/kv.js';
import { bytes, del, get, put, txn, when } from '../cluster/store/operations.js';
import type { Answer, Call, History } from './history.js';
import type { SimulatedHost } from './host.js';
import type { Schedule } from './schedule.js';

export interface ClientsOptions {
  readonly schedule: Schedule;
  readonly hosts: readonly SimulatedHost[];
  readonly history: History;
  readonly keys: readonly string[];
  readonly thinkMsMax: number;
  /** As whom they ask, where access is controlled. */
  readonly user: string | undefined;
}

/** The request was refused before it got anywhere. */
const refusedAtOnce: ReadonlySet<ClusterErrorCode> = new Set<ClusterErrorCode>(['too-many-requests']);

const textOf = (value: Uint8Array): string => Buffer.from(value).toString('latin1');
const firstValue = ({ kvs }: RangeResult): string | undefined => kvs[0] && textOf(kvs[0].value);

/** One client: asks one thing after another, each time of any member that is up. */
export class Client {
  readonly #name: number;
  readonly #random: () => number;
  readonly #options: ClientsOptions;
  readonly #seen = new Map<string, string | undefined>();
  #values = 0;
  #isDone = false;
  #giveUp: () => void = () => {};
  #asking: SimulatedHost | undefined;

  /** `name` is the owner of its events as well. */
  constructor(name: number, random: () => number, options: ClientsOptions) {
    this.#name = name;
    this.#random = random;
    this.#options = options;
  }

  start(): void {
    this.#next();
  }

  /** Waits for no answer. */
  get isIdle(): boolean {
    return this.#asking === undefined;
  }

  /** Asks for nothing more. */
  finish(): void {
    this.#isDone = true;
  }

  /** The member will never answer. */
  lost(host: SimulatedHost): void {
    if (this.#asking === host) this.#giveUp();
  }

  /** Reads a key through the log, wherever that works. */
  async read(host: SimulatedHost, key: string): Promise<void> {
    const { replica } = host;
    if (replica !== undefined) await this.#operate(host, replica, key, { kind: 'get' });
  }

  #next(): void {
    const { schedule, thinkMsMax } = this.#options;
    schedule.at(this.#name, Math.ceil(this.#random() * thinkMsMax), () => {
      if (this.#isDone) return;
      void this.#act().then(() => this.#next());
    });
  }

  async #act(): Promise<void> {
    const { hosts } = this.#options;
    const host = hosts[this.#below(hosts.length)];
    const replica = host?.replica;
    if (host === undefined || !replica?.state.auth.bootstrapped) return;
    const key = this.#options.keys[this.#below(this.#options.keys.length)] ?? '';
    const dice = this.#random();
    if (dice < 0.1) this.#readSerializable(host, replica);
    else if (dice < 0.12) await this.#compact(host, replica);
    else await this.#operate(host, replica, key, this.#anyCall(key, dice));
  }

  #anyCall(key: string, dice: number): Call {
    this.#values += 1;
    const value = `${this.#name}-${this.#values}`;
    if (dice < 0.4) return { kind: 'put', value };
    if (dice < 0.7) return { kind: 'get' };
    if (dice < 0.8) return { kind: 'delete' };
    return { kind: 'swap', expected: this.#seen.get(key), value };
  }

  async #operate(host: SimulatedHost, replica: Replica, key: string, call: Call): Promise<void> {
    const { schedule, history } = this.#options;
    const began = schedule.moment;
    const record = (answer: Answer | undefined): void => {
      history.operations.push({
        key,
        call,
        began,
        ended: answer === undefined ? Number.POSITIVE_INFINITY : schedule.moment,
        answer,
      });
    };
    try {
      const answer = await this.#unlessLost(host, ask(replica, key, call, this.#caller(replica)));
      if (call.kind === 'get' || answer?.value !== undefined) this.#seen.set(key, answer?.value);
      record(answer);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (!refusedAtOnce.has(error.code)) record(undefined);
    }
  }

  #readSerializable(host: SimulatedHost, { state }: Replica): void {
    const { kvs } = state.keys.range(get('k', 'l', { serializable: true }));
    const rows = kvs.map(({ key, value, modRevision }) => ({ key: textOf(key), value: textOf(value), modRevision }));
    const { history } = this.#options;
    history.serializableReads.push({ member: host.options.self.name, revision: state.keys.revision, rows });
  }

  async #compact(host: SimulatedHost, replica: Replica): Promise<void> {
    const at = revision(Math.max(1, replica.state.keys.revision - this.#below(20)));
    const compacted = replica.consensus.propose({ kind: 'compact', revision: at }, this.#caller(replica));
    await this.#unlessLost(host, compacted).catch((error: unknown) => {
      if (!(error instanceof ClusterError)) throw error;
    });
  }

  #unlessLost<Result>(host: SimulatedHost, result: Promise<Result>): Promise<Result | undefined> {
    this.#asking = host;
    const lost = new Promise<undefined>((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    return Promise.race([result, lost]).finally(() => {
      this.#asking = undefined;
    });
  }

  #caller({ state }: Replica): Caller | undefined {
    const { user } = this.#options;
    return user === undefined ? undefined : { user, authRevision: state.auth.revision };
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

async function ask(replica: Replica, key: string, call: Call, caller: Caller | undefined): Promise<Answer> {
  if (call.kind !== 'get') return answerOf(await replica.consensus.propose(actionOf(key, call), caller));
  await replica.consensus.linearize();
  return { value: firstValue(replica.state.keys.range(get(key))) };
}

function actionOf(key: string, call: Exclude<Call, { kind: 'get' }>): Action {
  switch (call.kind) {
    case 'put':
      return put(key, call.value);
    case 'delete':
      return del(key);
    case 'swap': {
      const condition =
        call.expected === undefined
          ? when(key, 'equal', { target: 'version', number: 0 })
          : when(key, 'equal', { target: 'value', value: bytes(call.expected) });
      return txn([condition], [put(key, call.value)], [get(key)]);
    }
  }
}

function answerOf({ result, revision: at }: Outcome): Answer {
  switch (result.kind) {
    case 'put':
      return { revision: at };
    case 'delete-range':
      return { revision: at, changed: result.deleted > 0 };
    case 'txn': {
      const [first] = result.results;
      if (result.succeeded) return { revision: at, changed: true };
      return { changed: false, value: first?.kind === 'range' ? firstValue(first) : undefined };
    }
    default:
      throw new Error(`an answer to something else: ${result.kind}`);
  }
}
