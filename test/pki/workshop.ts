import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freshFolder } from './setting.js';

/** A certificate that openssl made, at its paths. */
export interface Piece {
  readonly certificate: string;
  readonly key: string;
}

export interface Wanted {
  /** Self-signed without one. */
  readonly issuer?: Piece;
  /** As openssl takes it: `/CN=x`. */
  readonly subject?: string;
  /** Lines of openssl's configuration. */
  readonly extensions?: readonly string[];
  /** Behind -newkey. */
  readonly key?: readonly string[];
  readonly more?: readonly string[];
}

export const ec = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] as const;
export const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'] as const;
export const leaf = [
  ...['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'],
  ...['extendedKeyUsage=serverAuth,clientAuth', 'subjectAltName=DNS:m1,IP:10.0.0.1'],
] as const;

export interface Workshop {
  path(name: string): string;
  make(name: string, wanted?: Wanted): Piece;
}

/** Where openssl makes what nothing of ours would. */
export async function workshop(t: ExecutionContext): Promise<Workshop> {
  const folder = await freshFolder(t);
  const path = (name: string): string => join(folder, name);
  return {
    path,
    make(name, { issuer, subject = `/CN=${name}`, extensions = leaf, key = ec, more = [] } = {}) {
      const [request, settings, certificate, keyPath] = ['csr', 'cnf', 'crt', 'key'].map((end) =>
        path(`${name}.${end}`),
      ) as [string, string, string, string];
      writeFileSync(settings, extensions.join('\n'));
      const options = { stdio: 'ignore' } as const;
      const made = ['-new', '-newkey', ...key, '-nodes', '-subj', subject, '-keyout', keyPath, '-out', request];
      execFileSync('openssl', ['req', ...made], options);
      const signer =
        issuer === undefined
          ? ['-signkey', keyPath]
          : ['-CA', issuer.certificate, '-CAkey', issuer.key, '-CAcreateserial'];
      const signed = [
        '-req',
        '-in',
        request,
        ...signer,
        '-extfile',
        settings,
        '-days',
        // An authority made a second before its leaf must not end a second before it.
        issuer === undefined ? '400' : extensions === authority ? '350' : '300',
        '-out',
        certificate,
      ];
      execFileSync('openssl', ['x509', ...signed, ...more], options);
      return { certificate, key: keyPath };
    },
  };
}
