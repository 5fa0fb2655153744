import type { CertificateId } from './certificate-id.js';
import type { Crl } from './crl.js';

/** Which certificates are revoked: by issuer and serial number, since two authorities may use the same numbers. */
export class Revocation {
  readonly #revoked = new Map<string, ReadonlySet<string>>();
  /** The earliest time that a list was to be replaced. */
  readonly nextUpdate: Date | undefined;

  constructor(crls: readonly Crl[]) {
    for (const { issuer, revoked } of crls) {
      this.#revoked.set(issuer, new Set([...(this.#revoked.get(issuer) ?? []), ...revoked]));
    }
    const times = crls.flatMap(({ nextUpdate }) => nextUpdate?.getTime() ?? []);
    this.nextUpdate = times.length === 0 ? undefined : new Date(Math.min(...times));
  }

  get size(): number {
    return [...this.#revoked.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** The first revoked certificate of a chain: a revoked authority takes along what it signed. */
  revokedOf(chain: readonly CertificateId[]): CertificateId | undefined {
    return chain.find(({ issuer, serial }) => this.#revoked.get(issuer)?.has(serial));
  }
}
