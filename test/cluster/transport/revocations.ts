import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authority } from './certificates.js';

export interface ListOptions {
  readonly form?: 'PEM' | 'DER';
  /** Both, or it is from now for a day. */
  readonly lastUpdate?: string;
  readonly nextUpdate?: string;
  /** OpenSSL's extensions of the list, lines of its configuration. */
  readonly extensions?: string;
  readonly options?: readonly string[];
}

/** An authority's list of revoked certificates, kept by `openssl ca`. */
export class Revocations {
  readonly #folder: string;
  readonly #authority: Authority;
  #written = 0;

  constructor(folder: string, authority: Authority) {
    this.#folder = join(folder, `revocations-${authority.cert.split('/').at(-1)}`);
    this.#authority = authority;
    mkdirSync(this.#folder);
    writeFileSync(join(this.#folder, 'index.txt'), '');
    writeFileSync(join(this.#folder, 'crlnumber'), '01\n');
  }

  /** Puts a certificate on the list. */
  revoke(certificate: string): void {
    this.#openssl('', '-revoke', certificate);
  }

  /** Writes the list whole, by a rename. */
  write(path: string, { form = 'PEM', lastUpdate, nextUpdate, extensions = '', options = [] }: ListOptions = {}): void {
    const dates = lastUpdate && nextUpdate ? ['-crl_lastupdate', lastUpdate, '-crl_nextupdate', nextUpdate] : [];
    const pem = join(this.#folder, `list-${this.#written++}.crl`);
    this.#openssl(extensions, '-gencrl', '-out', pem, ...(dates.length > 0 ? dates : ['-crldays', '1']), ...options);
    const written = `${pem}.${form}`;
    execFileSync('openssl', ['crl', '-in', pem, '-outform', form, '-out', written]);
    renameSync(written, path);
  }

  #openssl(extensions: string, ...args: readonly string[]): void {
    const config = join(this.#folder, 'ca.conf');
    const { cert, key } = this.#authority;
    const lines = [
      '[ca]\ndefault_ca = this\n[this]',
      `database = ${this.#folder}/index.txt\ncrlnumber = ${this.#folder}/crlnumber`,
      `certificate = ${cert}\nprivate_key = ${key}\ndefault_md = sha256`,
      extensions === '' ? '' : `crl_extensions = extensions\n[extensions]\n${extensions}`,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    execFileSync('openssl', ['ca', '-config', config, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}
