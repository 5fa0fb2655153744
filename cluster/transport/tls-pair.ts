import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { ClusterError } from '../errors.js';
import { readCrls } from './crl.js';
import { Revocation } from './revocation.js';
import type { TlsFiles } from './tls-files.js';
import { cipherMismatch, protocolOptions, type TlsProtocol } from './tls-protocol.js';

/** What was read from the files, whole and checked. */
export interface TlsPair {
  readonly certificate: X509Certificate;
  /** Authorities; empty: the system's count. */
  readonly authorities: readonly X509Certificate[];
  readonly options: SecureContextOptions;
  /** For connections that this member opens. */
  readonly context: SecureContext;
  /** Undefined: nobody said what is revoked. */
  readonly revocation: Revocation | undefined;
  /** Equal texts are equal contents. */
  readonly content: string;
}

type Part = keyof TlsFiles;

const refuse = (file: string, reason: string, hint: string, cause?: unknown): ClusterError =>
  new ClusterError('certificate-refused', `${file}: ${reason}`, { file, reason }, { hint, cause });

/** @throws ClusterError certificate-refused, naming the file and what is wrong with it */
export function readTlsPair(files: TlsFiles, protocol: TlsProtocol): TlsPair {
  const cert = read(files, 'cert');
  const key = read(files, 'key');
  const ca = files.ca === undefined ? undefined : read(files, 'ca');
  const crl = files.crl === undefined ? undefined : read(files, 'crl');
  const [certificate, ...chain] = certificatesOf(files.cert, cert);
  const authorities = files.ca === undefined || ca === undefined ? [] : certificatesOf(files.ca, ca);
  assertUsable(files, key, certificate, protocol);
  const options = { cert, key, ...protocolOptions(protocol), ...(ca === undefined ? {} : { ca }) };
  return {
    certificate,
    authorities,
    options,
    context: contextOf(files, options),
    revocation:
      crl === undefined ? undefined : revocationOf(files.crl, crl, [...authorities, ...below(chain, authorities)]),
    content: [cert, key, ca, crl].join(),
  };
}

function assertUsable(files: TlsFiles, key: string, certificate: X509Certificate, protocol: TlsProtocol): void {
  if (!certificate.checkPrivateKey(privateKeyOf(files.key, key))) {
    const reason = `does not belong to the certificate in ${files.cert}`;
    throw refuse(files.key, reason, 'put the key beside its certificate');
  }
  const mismatch = cipherMismatch(protocol, certificate.publicKey);
  if (mismatch?.never) throw refuse(files.cert, mismatch.text, 'name suites for its kind of key, or allow TLS 1.3');
}

// Authorities between: they come with our own certificate, and may sign lists for what they issued.
const below = (chain: readonly X509Certificate[], authorities: readonly X509Certificate[]) =>
  chain.filter((one) => authorities.some((other) => one.checkIssued(other) && one.verify(other.publicKey)));

function revocationOf(file: string | undefined, content: string, authorities: readonly X509Certificate[]): Revocation {
  try {
    return new Revocation(readCrls(Buffer.from(content, 'latin1'), authorities));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = 'write one of your authority: openssl ca -gencrl, or quorate cert crl';
    throw refuse(file ?? '', `holds no revocation list that can be used: ${reason}`, hint, error);
  }
}

function read(files: TlsFiles, part: Part): string {
  const file = files[part] ?? '';
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'there is no such file' : `can't be read (${code})`;
    throw refuse(file, reason, 'it must exist and be readable by the user that the member runs as', error);
  }
}

function certificatesOf(file: string, pem: string): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [A-Z0-9 ]+-----/g) ?? [];
  const begun = pem.match(/-----BEGIN /g)?.length ?? 0;
  if (blocks.length < begun) throw refuse(file, 'holds something else than whole certificates', 'write it in one go');
  const [first, ...rest] = blocks.map((block) => certificateOf(file, block));
  if (first === undefined) throw refuse(file, 'holds no certificate', 'a PEM file begins with BEGIN CERTIFICATE');
  return [first, ...rest];
}

function certificateOf(file: string, block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    throw refuse(file, 'holds a certificate that does not parse', 'look at it with openssl x509 -text', error);
  }
}

function privateKeyOf(file: string, pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) throw refuse(file, 'needs a passphrase', 'a member reads its key without one');
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw refuse(file, 'holds no private key that parses', 'a PEM file begins with BEGIN … PRIVATE KEY', error);
  }
}

// OpenSSL has the last word: it may find the key too short, or the signature too weak.
function contextOf(files: TlsFiles, options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(files.cert, reason, 'issue it again with a key of at least 2048 bits RSA or an elliptic curve', error);
  }
}
