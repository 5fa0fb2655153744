import { hash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { ClusterError } from '../errors.js';
import { authRevision } from '../numbers.js';
import type { Caller } from '../operations/action.js';
import { type JwtKeys, type JwtOptions, readJwtKeys, type SignedTokens } from './jwt-options.js';

// To be imported only where JSON Web Tokens are asked for: loading jose is a tenth of a member's start.

const verifiedMax = 4096;

interface Verified {
  readonly caller: Caller;
  readonly expiresMs: number;
}

/**
 * Tokens that say by themselves whose they are, as etcd makes them: claims `username`, `revision` and `exp`, one signing
 * method, no state. They can't be called back; but each names the auth revision, and is refused after the next change.
 */
export class JwtTokens implements SignedTokens {
  readonly #options: JwtOptions;
  readonly #keys: JwtKeys;
  /** Milliseconds since 1970: other members' clocks and this one must agree on them. */
  readonly #now: () => number;
  /** By digest. A signature that was right once is right until the token expires. */
  readonly #verified = new Map<string, Verified>();

  /** @throws ClusterError flag-refused with all that is wrong with the keys */
  static async open(options: JwtOptions, now: () => number): Promise<JwtTokens> {
    return new JwtTokens(options, await readJwtKeys(options), now);
  }

  private constructor(options: JwtOptions, keys: JwtKeys, now: () => number) {
    this.#options = options;
    this.#keys = keys;
    this.#now = now;
  }

  async sign({ user, authRevision: revision }: Caller): Promise<string> {
    const { method, ttlMs } = this.#options;
    const { signing } = this.#keys;
    if (signing === undefined) {
      throw new ClusterError('token-verify-only', 'tokens are only checked here: --auth-token names no priv-key');
    }
    return new SignJWT({ username: user, revision })
      .setProtectedHeader({ alg: method, typ: 'JWT' })
      .setExpirationTime(Math.floor((this.#now() + ttlMs) / 1000))
      .sign(signing);
  }

  async caller(token: string): Promise<Caller | undefined> {
    const key = hash('sha256', token, 'base64');
    const verified = this.#verified.get(key) ?? (await this.#verify(token));
    if (verified === undefined || verified.expiresMs <= this.#now()) {
      this.#verified.delete(key);
      return undefined;
    }
    this.#remember(key, verified);
    return verified.caller;
  }

  /** With the one method and the one key: what a token says of them itself decides nothing. */
  async #verify(token: string): Promise<Verified | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#keys.verifying, {
        algorithms: [this.#options.method],
        currentDate: new Date(this.#now()),
        requiredClaims: ['exp'],
      });
      const { username, revision, exp } = payload;
      if (typeof username !== 'string' || username === '' || !isRevision(revision)) return undefined;
      return { caller: { user: username, authRevision: authRevision(revision) }, expiresMs: Number(exp) * 1000 };
    } catch {
      return undefined;
    }
  }

  #remember(key: string, verified: Verified): void {
    const oldest = this.#verified.keys().next();
    if (this.#verified.size >= verifiedMax && !oldest.done) this.#verified.delete(oldest.value);
    this.#verified.set(key, verified);
  }
}

const isRevision = (claim: unknown): claim is number => Number.isSafeInteger(claim) && Number(claim) >= 1;
