import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '../logger.js';
import { type CertificateId, certificateOf, idOf } from './certificate-id.js';
import { type CertificateRules, isAllowed, isFrom, type Resolver, systemResolver } from './certificate-rules.js';
import { keptChainOf } from './kept-chains.js';
import type { TlsMaterial } from './tls-material.js';

export interface AdmissionOptions {
  readonly material: TlsMaterial;
  readonly rules: CertificateRules;
  readonly logger: Logger;
  readonly resolver?: Resolver;
  /** A chain was not to be seen: those to come have to be kept. */
  readonly onLostChain?: () => void;
}

/** Why somebody whose certificate is signed as it should be does not get in, or does not stay. */
export interface Refusal {
  readonly reason: string;
  readonly hint: string;
  /** For the log: which certificate. */
  readonly subject: string;
  readonly serial: string;
}

/** Connections looked at in one go before others get their turn. */
const sweepBatch = 200;

/**
 * Decides on connections whose handshake is done, by the other side's certificate: is it revoked, is its name allowed, does
 * it come from where it says. Those let in are closed when their certificate is revoked later, or its authority is no
 * longer trusted (etcd keeps such connections for as long as they last).
 *
 * OpenSSL could check revocation lists itself, and would refuse everybody once a list is past its date.
 */
export class Admission {
  readonly #material: TlsMaterial;
  readonly #rules: CertificateRules;
  readonly #logger: Logger;
  readonly #resolver: Resolver;
  /** Connections let in, and their chains. */
  readonly #inside = new Map<TLSSocket, readonly CertificateId[]>();
  readonly #stop: () => void;
  readonly #onLostChain: () => void;
  #holders: ReadonlySet<string>;

  constructor({ material, rules, logger, resolver = systemResolver, onLostChain = () => {} }: AdmissionOptions) {
    this.#material = material;
    this.#rules = rules;
    this.#logger = logger;
    this.#resolver = resolver;
    this.#onLostChain = onLostChain;
    this.#holders = holdersOf(material.authorities);
    this.#stop = material.onChange(() => void this.#lookAgain());
  }

  /** Undefined: it is let in, and watched from now on. At once where no name has to be looked up. */
  decide(socket: TLSSocket): Refusal | undefined | Promise<Refusal | undefined> {
    const certificate = certificateOf(socket);
    // Gone already.
    if (certificate === undefined) return undefined;
    const chain = this.#completed(keptChainOf(socket), certificate);
    if (chain === undefined) {
      this.#onLostChain();
      const hint = `Node ${process.version} has lost it (nodejs/node#65579): it is kept from now on, connect again`;
      return { reason: 'what is behind its certificate is not known', hint, ...describe(certificate) };
    }
    const refusal = this.#distrust(chain) ?? this.#forbidden(certificate);
    if (refusal !== undefined) return refusal;
    this.#watch(socket, chain);
    return this.#rules.fromItsAddress ? this.#misplaced(socket, certificate) : undefined;
  }

  /** With its authority, where that is trusted; undefined where Node, which has verified it, does not show what is between. */
  #completed(chain: readonly CertificateId[], certificate: X509Certificate): readonly CertificateId[] | undefined {
    const [own, ...more] = chain;
    if (own === undefined || more.length > 0 || this.#holders.has(own.holder)) return chain;
    const issuers = this.#material.authorities.filter((each) => certificate.verify(each.publicKey));
    return issuers.length === 0 ? undefined : [own, ...issuers.map(idOf)];
  }

  close(): void {
    this.#stop();
    this.#inside.clear();
  }

  #watch(socket: TLSSocket, chain: readonly CertificateId[]): void {
    if (socket.destroyed) return;
    this.#inside.set(socket, chain);
    socket.once('close', () => this.#inside.delete(socket));
  }

  #distrust(chain: readonly CertificateId[]): Refusal | undefined {
    const revoked = this.#material.revocation?.revokedOf(chain);
    if (revoked === undefined) return undefined;
    const whose = revoked === chain[0] ? 'its certificate was' : 'an authority of its certificate was';
    const hint = `it needs a new certificate; the list is ${this.#material.files.crl}`;
    return { reason: `${whose} revoked`, hint, subject: revoked.subject, serial: revoked.serial };
  }

  #forbidden(certificate: X509Certificate): Refusal | undefined {
    const { allowed } = this.#rules;
    if (allowed === undefined || isAllowed(certificate, allowed)) return undefined;
    const what = allowed.kind === 'common-names' ? 'CN is' : 'names are';
    return {
      reason: `its certificate's ${what} not among those allowed`,
      hint: `allowed are ${allowed.names.join(', ')}`,
      ...describe(certificate),
    };
  }

  #misplaced(socket: TLSSocket, certificate: X509Certificate): Refusal | undefined | Promise<Refusal | undefined> {
    const address = socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? '';
    const verdict = isFrom(certificate, address, this.#resolver);
    const refusal: Refusal = {
      reason: `its certificate is not for ${address}, where it connects from: ${certificate.subjectAltName}`,
      hint: `issue it with ${address} too, or where addresses are translated start with --peer-skip-client-san-verification`,
      ...describe(certificate),
    };
    if (typeof verdict === 'boolean') return verdict ? undefined : refusal;
    return verdict.then((isRight) => (isRight ? undefined : refusal));
  }

  async #lookAgain(): Promise<void> {
    const holders = holdersOf(this.#material.authorities);
    const withdrawn = [...this.#holders].some((holder) => !holders.has(holder));
    this.#holders = holders;
    let looked = 0;
    for (const [socket, chain] of this.#inside) {
      if (++looked % sweepBatch === 0) await new Promise(setImmediate);
      const refusal = this.#distrust(chain) ?? (withdrawn ? this.#orphaned(chain) : undefined);
      if (refusal !== undefined) this.#end(socket, refusal);
    }
  }

  // Another certificate of the same authority, with the same name and key, is the same authority.
  #orphaned(chain: readonly CertificateId[]): Refusal | undefined {
    const [own] = chain;
    if (own === undefined || chain.some(({ holder }) => this.#holders.has(holder))) return undefined;
    const hint = 'it needs a certificate of an authority that is';
    return { reason: 'its authority is no longer trusted', hint, subject: own.subject, serial: own.serial };
  }

  #end(socket: TLSSocket, refusal: Refusal): void {
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#logger.warn('closed a connection', { 'remote-addr': remote, ...refusal });
    socket.destroy();
  }
}

function describe(certificate: X509Certificate): { readonly subject: string; readonly serial: string } {
  const { subject, serial } = idOf(certificate);
  return { subject, serial };
}

const holdersOf = (authorities: readonly X509Certificate[]): ReadonlySet<string> =>
  new Set(authorities.map((authority) => idOf(authority).holder));
