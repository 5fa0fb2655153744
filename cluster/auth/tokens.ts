import { hash, randomInt } from 'node:crypto';

// etcd's simple tokens: sixteen random letters, a dot, and the index of the log entry that made them valid.
// They live in each member's memory only; a member that restarts makes its clients sign in again.

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lettersMin = 16;
const tokenBytesMax = 64;

/** The random part, drawn before the sign-in is proposed (91 bits). */
export const drawToken = (): string =>
  Array.from({ length: lettersMin }, () => letters[randomInt(letters.length)]).join('');

/** The whole token, as known once the sign-in has its place in the log. */
export const completeToken = (drawn: string, entryIndex: number): string => `${drawn}.${entryIndex}`;

/** The index inside the token, or undefined when the text can't be one of ours. */
export function tokenIndex(token: string): number | undefined {
  const match = /^[a-zA-Z]{16}\.([1-9]\d{0,15})$/.exec(token);
  return match === null ? undefined : Number(match[1]);
}

export interface TokenOptions {
  /** The member's monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** How long a token lives after its last use; etcd's default is 300 s. */
  readonly ttlMs?: number;
  /** Above it the token that was unused for longest goes. */
  readonly tokensMax?: number;
}

interface Holder {
  readonly user: string;
  expiresAt: number;
}

/** The tokens that this member accepts. */
export class Tokens {
  /** By digest, so that a look-up tells nothing about a token; ordered by last use, and with it by expiry. */
  readonly #holders = new Map<string, Holder>();
  readonly #now: () => number;
  readonly #ttlMs: number;
  readonly #tokensMax: number;

  constructor({ now, ttlMs = 300_000, tokensMax = 65_536 }: TokenOptions) {
    this.#now = now;
    this.#ttlMs = ttlMs;
    this.#tokensMax = tokensMax;
  }

  get size(): number {
    return this.#holders.size;
  }

  /** From now on the token stands for the user. */
  assign(token: string, user: string): void {
    this.sweep();
    const oldest = this.#holders.keys().next();
    if (this.#holders.size >= this.#tokensMax && !oldest.done) this.#holders.delete(oldest.value);
    this.#renew(digest(token), { user, expiresAt: 0 });
  }

  /** Whose token it is; undefined when it is unknown or expired. A use starts its time to live again. */
  user(token: string): string | undefined {
    if (token.length > tokenBytesMax) return undefined;
    const key = digest(token);
    const holder = this.#holders.get(key);
    if (holder === undefined || holder.expiresAt <= this.#now()) return undefined;
    this.#renew(key, holder);
    return holder.user;
  }

  dropUser(user: string): void {
    for (const [key, holder] of this.#holders) if (holder.user === user) this.#holders.delete(key);
  }

  dropAll(): void {
    this.#holders.clear();
  }

  /** Forgets expired tokens; done with every assignment, so that the table stays small without a timer. */
  sweep(): void {
    const now = this.#now();
    for (const [key, holder] of this.#holders) {
      if (holder.expiresAt > now) return;
      this.#holders.delete(key);
    }
  }

  #renew(key: string, holder: Holder): void {
    holder.expiresAt = this.#now() + this.#ttlMs;
    this.#holders.delete(key);
    this.#holders.set(key, holder);
  }
}

const digest = (token: string): string => hash('sha256', token, 'base64');
