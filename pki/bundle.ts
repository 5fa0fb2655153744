// A certificate with all that it takes to use it: its key, what stands between it and its authority, the authority.
import type { X509Certificate } from 'node:crypto';
import { type Certificate, openCertificate, parseCertificate, signedBy } from './certificate.js';
import { PkiError } from './errors.js';
import { readBytes } from './files.js';
import { keyFromPem, keyToPem } from './keys.js';
import { blocksOf, toPem } from './pem.js';

export interface BundlePaths {
  /** The certificate, in PEM or DER; what stands between it and its authority may follow. */
  readonly certificate: string;
  /** Absent when the key is elsewhere. */
  readonly key?: string | undefined;
  /** Certificates of authorities that are trusted: more than one while an authority is replaced. */
  readonly ca: string;
}

export interface Bundle {
  readonly leaf: Certificate;
  /** What stands between the leaf and its authority, each signed by the next. */
  readonly intermediates: readonly Certificate[];
  /** The authority that the chain ends at. */
  readonly authority: Certificate;
  /** All that is trusted, the authority among them, in the order of the file. */
  readonly trusted: readonly Certificate[];
  /** PKCS#8. */
  readonly keyPem?: string;
}

/** Some thousand certificates. */
export const bundleSizeMax = 4_194_304;

/**
 * Every certificate of a file, in PEM or DER, in its order. Keys and other things beside them are passed over.
 * @throws PkiError `certificate-unreadable`, or what the disk says
 */
export async function readCertificates(path: string): Promise<readonly [Certificate, ...Certificate[]]> {
  const bytes = await readBytes(path, bundleSizeMax);
  const code = 'certificate-unreadable';
  if (bytes.length > bundleSizeMax) {
    const hint = 'name a file with certificates alone';
    throw new PkiError(code, `${path} has more than ${bundleSizeMax} bytes`, { where: path }, { hint });
  }
  return parseCertificates(bytes, path);
}

/** The same of what was read. @throws PkiError `certificate-unreadable` */
export function parseCertificates(bytes: Buffer, path: string): readonly [Certificate, ...Certificate[]] {
  const code = 'certificate-unreadable';
  const labels = ['CERTIFICATE', 'TRUSTED CERTIFICATE', 'X509 CERTIFICATE'] as const;
  const blocks = blocksOf(bytes, { code, what: 'certificate', labels, where: path });
  const certificates = blocks.filter(({ label }) => labels.some((each) => each === label));
  const all = blocks.length === 0 ? [bytes] : certificates.map(({ der }) => der);
  const [first, ...rest] = all.map((der) => parseCertificate(toPem(labels[0], der), path));
  if (first !== undefined) return [first, ...rest];
  const held = [...new Set(blocks.map(({ label }) => label.toLowerCase()))].join(', ');
  throw new PkiError(code, `${path} holds no certificate, but: ${held}`, { where: path });
}

/** What a server presented, in DER and in its order. @throws PkiError `certificate-unreadable` */
export function parseServed(chain: readonly Buffer[], where: string): readonly [Certificate, ...Certificate[]] {
  const [first, ...rest] = chain.map((der) => parseCertificate(der, where));
  if (first !== undefined) return [first, ...rest];
  throw new PkiError('certificate-unreadable', `${where} presents no certificate`, { where });
}

/**
 * Reads a certificate with its key and its chain, and makes sure that they belong together.
 * @throws PkiError `bundle-refused` with every reason, `certificate-unreadable`, `key-unreadable`, or what the disk says
 */
export async function readBundle(paths: BundlePaths): Promise<Bundle> {
  const [[leaf, ...rest], trusted] = await Promise.all([
    readCertificates(paths.certificate),
    readCertificates(paths.ca),
  ]);
  const keyPem = paths.key === undefined ? undefined : await readKey(paths.key);
  const chain = chainOf(leaf, rest, trusted);
  const reasons: string[] = [];
  if (keyPem !== undefined && paths.key !== undefined && !isKeyFor(leaf, keyPem)) {
    reasons.push(`${paths.key} is not the key of ${paths.certificate}`);
  }
  if (chain === undefined) {
    reasons.push(`${paths.certificate} does not lead to an authority of ${paths.ca}: it says ${leaf.issuer}`);
  }
  if (chain === undefined || reasons.length > 0) throw refused(reasons, paths);
  return { leaf, ...chain, trusted, ...(keyPem === undefined ? {} : { keyPem }) };
}

const readKey = async (path: string): Promise<string> =>
  keyToPem(keyFromPem((await readBytes(path, bundleSizeMax)).toString('utf8'), path));

function isKeyFor(leaf: Certificate, keyPem: string): boolean {
  const opened: X509Certificate = openCertificate(leaf.pem, 'the certificate');
  return opened.checkPrivateKey(keyFromPem(keyPem, 'the key'));
}

function refused(reasons: readonly string[], paths: BundlePaths): PkiError {
  const hint = 'name the files of one issue (--key, --ca); quorate cert verify says what each is';
  return new PkiError('bundle-refused', reasons.join('; '), { ...paths, reasons }, { hint });
}

/**
 * The way from the leaf up, by signatures and not by the order in the file. It ends at a self-signed certificate that is
 * trusted, or at a trusted one whose own issuer is not there: an authority below a root that is kept elsewhere.
 */
export function chainOf(
  leaf: Certificate,
  rest: readonly Certificate[],
  trusted: readonly Certificate[],
): Pick<Bundle, 'intermediates' | 'authority'> | undefined {
  const roots = trusted.filter((each) => signedBy(each, each));
  const between = [...rest, ...trusted].filter((each) => each.isAuthority && !signedBy(each, each));
  const way: Certificate[] = [];
  for (let at = leaf; ; ) {
    const root = roots.find((each) => signedBy(at, each));
    if (root !== undefined) return { intermediates: way, authority: root };
    const next = between.find((each) => !way.includes(each) && signedBy(at, each));
    if (next === undefined) break;
    way.push(next);
    at = next;
  }
  const last = way.findLastIndex((each) => trusted.some(({ fingerprint }) => fingerprint === each.fingerprint));
  const authority = way[last];
  return authority === undefined ? undefined : { intermediates: way.slice(0, last), authority };
}
