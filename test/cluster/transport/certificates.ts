import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { TlsFiles } from '../../../cluster/transport/tls-files.js';

// Certificates for tests, made by openssl: a judge from outside, and on every machine.

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
};
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A folder of the test's own, removed when it ends. */
export function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-transport-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Authority {
  readonly cert: string;
  readonly key: string;
}

export function makeAuthority(folder: string, name = 'ca'): Authority {
  mkdirSync(folder, { recursive: true });
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '30',
    '-subj',
    `/CN=${name}`,
    ...extensions,
  );
  return { cert, key };
}

export interface Subject {
  readonly name: string;
  /** As openssl has them; names 127.0.0.1, localhost and itself when not given. */
  readonly names?: string;
  /** What the files are called, when not after the name. */
  readonly file?: string;
  /** Negative: expired already. */
  readonly days?: number;
}

/** Issues a certificate good for servers and clients. */
export function issue(
  folder: string,
  authority: Authority,
  { name, names, file = name, days = 30 }: Subject,
): TlsFiles {
  const [cert, key, csr, ext] = ['crt', 'key', 'csr', 'ext'].map((kind) => join(folder, `${file}.${kind}`)) as [
    string,
    string,
    string,
    string,
  ];
  const san = names ?? `IP:127.0.0.1,DNS:localhost,DNS:${name}`;
  writeFileSync(ext, `subjectAltName=${san}\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n`);
  openssl('req', ...newKey, '-keyout', key, '-out', csr, '-subj', `/CN=${name}`);
  const signer = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-extfile', ext];
  openssl('x509', '-req', '-in', csr, '-out', cert, '-days', String(days), ...signer);
  return { cert, key, ca: authority.cert };
}

/** The contents, for node:tls. */
export const contentsOf = (files: TlsFiles): { cert: string; key: string; ca: string } => ({
  cert: readFileSync(files.cert, 'utf8'),
  key: readFileSync(files.key, 'utf8'),
  ca: readFileSync(files.ca ?? files.cert, 'utf8'),
});

export function issueAuthority(
  folder: string,
  root: { cert: string; key: string },
  { cert, key }: { cert: string; key: string },
): void {
  const [csr, ext] = [join(folder, 'between.csr'), join(folder, 'between.ext')];
  writeFileSync(ext, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync('openssl', ['req', ...newKey, '-keyout', key, '-out', csr, '-subj', '/CN=between'], { stdio: 'pipe' });
  const signer = ['-CA', root.cert, '-CAkey', root.key, '-CAcreateserial', '-extfile', ext, '-days', '2'];
  execFileSync('openssl', ['x509', '-req', '-in', csr, '-out', cert, ...signer], { stdio: 'pipe' });
}
