import type { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Revocation } from './revocation.js';
import type { TlsFiles } from './tls-files.js';
import { readTlsPair, type TlsPair } from './tls-pair.js';
import { standardProtocol, type TlsProtocol } from './tls-protocol.js';
import { tlsWarnings } from './tls-warnings.js';

export interface TlsMaterialOptions {
  readonly logger: Logger;
  /** How often the files are looked at, beside every handshake. */
  readonly pollMs?: number;
  readonly protocol?: TlsProtocol;
  readonly now?: () => Date;
}

/**
 * A certificate, its key, its authorities and their list of revoked certificates, kept as the files on disk are. Changed
 * files are used from the next handshake on, without a restart, the authorities included (etcd reads those only once, its
 * issue 11555); what they mean for open connections is up to `Admission`.
 * What can't be used, a pair that is half written for example, is said once in the log; the last good one stays.
 */
export class TlsMaterial {
  readonly files: TlsFiles;
  readonly #logger: Logger;
  readonly #protocol: TlsProtocol;
  readonly #now: () => Date;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #pair: TlsPair;
  #state: string;
  #broken: { readonly reason: string; told: boolean } | undefined;

  /** @throws ClusterError certificate-refused */
  constructor(files: TlsFiles, options: TlsMaterialOptions) {
    this.files = files;
    this.#logger = options.logger;
    this.#protocol = options.protocol ?? standardProtocol;
    this.#now = options.now ?? (() => new Date());
    this.#state = stateOf(files);
    this.#pair = readTlsPair(files, this.#protocol);
    this.#warn();
    this.#timer = setInterval(() => this.#poll(), options.pollMs ?? 250).unref();
  }

  /** For `tlsServer.setSecureContext`. */
  get options(): SecureContextOptions {
    return this.#pair.options;
  }

  /** For a connection to be opened now. */
  get context(): SecureContext {
    return this.#pair.context;
  }

  /** Whom to trust; empty: the system's authorities. */
  get authorities(): readonly X509Certificate[] {
    return this.#pair.authorities;
  }

  /** Which certificates are revoked; undefined: nobody said. */
  get revocation(): Revocation | undefined {
    return this.#pair.revocation;
  }

  /** Called after new files were taken. Returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks whether the files changed and takes them if they are good. A `stat` each: cheap enough for every handshake. */
  refresh(): void {
    const state = stateOf(this.files);
    if (state === this.#state) return;
    this.#state = state;
    try {
      const pair = readTlsPair(this.files, this.#protocol);
      this.#broken = undefined;
      if (pair.content !== this.#pair.content) this.#take(pair);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (this.#broken?.reason !== error.message) this.#broken = { reason: error.message, told: false };
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  #take(pair: TlsPair): void {
    this.#pair = pair;
    this.#logger.info('TLS files changed, the new ones are in use', {
      ...this.files,
      serial: pair.certificate.serialNumber,
      ...(pair.revocation === undefined ? {} : { revoked: pair.revocation.size }),
      'valid-to': pair.certificate.validTo,
    });
    this.#warn();
    for (const listener of this.#listeners) listener();
  }

  // Files are replaced one after the other: what is wrong at one look and gone by the next was somebody still writing.
  #poll(): void {
    const before = this.#broken;
    this.refresh();
    if (this.#broken === undefined || this.#broken !== before || before.told) return;
    before.told = true;
    this.#logger.warn('TLS files changed but can not be used, the old ones stay in use', { reason: before.reason });
  }

  #warn(): void {
    for (const warning of tlsWarnings(this.files, this.#pair, this.#protocol, this.#now())) this.#logger.warn(warning);
  }
}

// Inode and change time: a file that was replaced by a rename, or a symbolic link that was turned, shows too.
function stateOf(files: TlsFiles): string {
  return [files.cert, files.key, files.ca, files.crl].map((file) => (file === undefined ? '' : fileState(file))).join();
}

function fileState(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}
