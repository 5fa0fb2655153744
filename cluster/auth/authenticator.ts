import { ClusterError } from '../errors.js';
import type { Index } from '../numbers.js';
import type { Caller } from '../operations/action.js';
import type { Auth } from './auth.js';
import type { SignedTokens } from './jwt-options.js';
import type { Passwords } from './passwords.js';
import { type Tokens, tokenIndex } from './tokens.js';

/** What a request brings to say who sends it. */
export interface Credentials {
  /** From the metadata `token`, or `authorization` without its scheme. */
  readonly token?: string | undefined;
  /** Subject CN of the leaf of the verified chain; never of a connection that others share, such as a gateway's (CVE-2018-16886). */
  readonly commonName?: string | undefined;
}

export interface AuthenticatorOptions {
  readonly auth: Auth;
  readonly tokens: Tokens;
  /** Instead of simple tokens, which are not accepted then. */
  readonly jwt?: SignedTokens | undefined;
  readonly passwords: Passwords;
  /** The certificate names the user: with --client-cert-auth only. */
  readonly clientCertAuth: boolean;
  readonly appliedIndex: () => Index;
  /** Resolves once everything committed before the call is applied here. */
  readonly linearize: (signal?: AbortSignal) => Promise<void>;
}

/** Says who sends a request; what the sender may do is decided when it is applied. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * The caller; undefined when auth is off, or nothing was shown. A token wins over the certificate.
   * Rejects with ClusterError: invalid-auth-token; auth-old-revision, when it is a JSON Web Token from before the latest
   * change of users and roles.
   */
  async identify({ token, commonName }: Credentials, signal?: AbortSignal): Promise<Caller | undefined> {
    const { auth, clientCertAuth, jwt } = this.#options;
    if (!auth.enabled) return undefined;
    if (token !== undefined && jwt !== undefined) return this.#bearer(jwt, token, signal);
    if (token !== undefined) return this.#caller(await this.#holder(token, signal));
    return clientCertAuth && commonName ? this.#caller(commonName) : undefined;
  }

  /** Whom a certificate would name if auth was on: for what begins before that and is to go on after it. */
  certified({ commonName }: Credentials): string | undefined {
    return this.#options.clientCertAuth && commonName ? commonName : undefined;
  }

  /**
   * Checks a password, for an `authenticate` to be proposed with this caller: applied at a later auth revision it is
   * refused with auth-old-revision, and the password is to be checked again.
   * Rejects with ClusterError: auth-not-enabled, auth-failed, too-many-requests.
   */
  async signIn(user: string, password: string): Promise<Caller> {
    const { auth, passwords } = this.#options;
    if (!auth.enabled) throw new ClusterError('auth-not-enabled', 'nobody signs in while auth is disabled');
    const caller = this.#caller(user);
    if (await passwords.check(auth.user(user), password)) return caller;
    throw new ClusterError('auth-failed', 'the user or the password is wrong', { user });
  }

  /** The signed token of somebody whose password was checked; undefined where tokens are simple, and go through the log. */
  async sign(caller: Caller): Promise<string | undefined> {
    return this.#options.jwt?.sign(caller);
  }

  /**
   * The change of users that a token knows of may not have arrived here yet: then that is waited for. Whatever it is used
   * for, a token from before a change is refused: what may have changed is its user's password.
   */
  async #bearer(jwt: SignedTokens, token: string, signal?: AbortSignal): Promise<Caller> {
    const { auth, linearize } = this.#options;
    const caller = await jwt.caller(token);
    if (caller !== undefined && caller.authRevision > auth.revision) await linearize(signal);
    if (caller === undefined || caller.authRevision > auth.revision) {
      throw new ClusterError('invalid-auth-token', 'the token is none of this cluster, forged or expired');
    }
    if (caller.authRevision === auth.revision) return caller;
    const [seen, { revision }] = [caller.authRevision, auth];
    const message = `the token was made at auth revision ${seen}, users or roles changed up to ${revision}`;
    throw new ClusterError('auth-old-revision', message, { seen, revision });
  }

  /** A token may be shown here before the sign-in that made it valid elsewhere is applied here: then that is waited for. */
  async #holder(token: string, signal?: AbortSignal): Promise<string> {
    const { tokens, appliedIndex, linearize } = this.#options;
    const known = tokens.user(token);
    if (known !== undefined) return known;
    const madeAt = tokenIndex(token);
    if (madeAt !== undefined && madeAt > appliedIndex()) {
      await linearize(signal);
      const arrived = tokens.user(token);
      if (arrived !== undefined) return arrived;
    }
    throw new ClusterError('invalid-auth-token', 'the token is unknown or has expired');
  }

  #caller(user: string): Caller {
    return { user, authRevision: this.#options.auth.revision };
  }
}
