import { ClusterError } from '../errors.js';

// bcrypt runs on libuv's threads, which the log's fsyncs need too: at a cost of 10 one comparison holds one for 60 ms.
// So only a few run at a time, and a flood of sign-ins is refused instead of queued. Loaded for the first password: most
// clusters never see one.
const bcrypt = () => import('bcrypt');

const runningMax = 2;
const waitingMax = 100;

/** bcrypt ignores what comes after; refusing it beats two passwords that are one. */
export const passwordBytesMax = 72;

interface Account {
  readonly passwordHash: string;
  readonly noPassword: boolean;
}

/** Hashes and compares passwords, off the event loop. */
export class Passwords {
  readonly #cost: number;
  /** Well-formed, of this cost, and nobody's. */
  readonly #decoy: string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(cost = 10) {
    this.#cost = cost;
    this.#decoy = `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
  }

  /** Rejects with ClusterError: invalid-argument (longer than `passwordBytesMax`), too-many-requests. */
  async hash(password: string): Promise<string> {
    const bytes = Buffer.byteLength(password);
    if (bytes > passwordBytesMax) {
      throw new ClusterError('invalid-argument', `the password has ${bytes} bytes, at most ${passwordBytesMax} count`);
    }
    return this.#inTurn(async () => (await bcrypt()).hash(password, this.#cost));
  }

  /**
   * Whether it is the account's password. Takes as long for an account that does not exist or has no password,
   * so that time does not tell which names exist. Rejects with ClusterError: too-many-requests.
   */
  async check(account: Account | undefined, password: string): Promise<boolean> {
    const known = account !== undefined && !account.noPassword && account.passwordHash !== '';
    const matches = await this.#inTurn(async () =>
      (await bcrypt()).compare(password, known ? account.passwordHash : this.#decoy),
    );
    return known && matches;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= runningMax) await this.#turn();
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** Resolves when a finished one hands over its place. */
  #turn(): Promise<void> {
    if (this.#waiting.length >= waitingMax) {
      throw new ClusterError('too-many-requests', `${waitingMax} passwords are waiting to be checked`);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
