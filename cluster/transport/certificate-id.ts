import { createHash, X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls';
import { derItems, derSequence, derSerial, readDer } from './der.js';

/** A certificate as revocation lists name it, and as an authority is recognised. */
export interface CertificateId {
  /** DER of the issuer's name, as text. */
  readonly issuer: string;
  readonly serial: string;
  /** Digest of name and public key: the same for a certificate of an authority that was issued again. */
  readonly holder: string;
  readonly subject: string;
}

/** @throws Error for bytes that are no certificate */
export function certificateId(raw: Buffer, subject: string): CertificateId {
  const [body] = derSequence(readDer(raw));
  // Version 1 has no version field.
  const fields = derSequence(body).slice(derSequence(body)[0]?.tag === 0xa0 ? 1 : 0);
  const [serial, , issuer, , name, publicKey] = fields;
  if (issuer === undefined || name === undefined || publicKey === undefined) throw new Error('it is no certificate');
  return {
    issuer: issuer.whole.toString('latin1'),
    serial: derSerial(serial),
    holder: createHash('sha256').update(name.whole).update(publicKey.whole).digest('base64'),
    subject,
  };
}

export const idOf = (certificate: X509Certificate): CertificateId =>
  certificateId(certificate.raw, certificate.subject?.replaceAll('\n', ', ') ?? '');

/** DER of the name that an authority signs with, as text. */
export function nameOf(certificate: X509Certificate): string {
  const [body] = derSequence(readDer(certificate.raw));
  const fields = body === undefined ? [] : derItems(body);
  return fields[fields[0]?.tag === 0xa0 ? 5 : 4]?.whole.toString('latin1') ?? '';
}

// Authorities' certificates, by fingerprint: thousands of connections have the same few.
const authorityIds = new Map<string, CertificateId>();
const authorityIdsMax = 1000;

// Not by `getPeerX509Certificate()`: it takes the certificates that it gives away from OpenSSL (Node 20 to 24), so that
// whoever asks next finds a shorter chain, or none.

/** The other side's own certificate. Undefined: it showed none, or has left. */
export function certificateOf(socket: TLSSocket): X509Certificate | undefined {
  const { raw } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  return raw === undefined ? undefined : new X509Certificate(raw);
}

/** The other side's certificates, verified, from its own to the root. Empty: it showed none, or has left. */
export function chainOf(socket: TLSSocket): readonly CertificateId[] {
  const chain: CertificateId[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(chain.length === 0 ? idFrom(next) : authorityIdFrom(next));
    next = next.issuerCertificate;
  }
  return chain;
}

const idFrom = (certificate: DetailedPeerCertificate): CertificateId =>
  certificateId(certificate.raw, subjectText(certificate));

function authorityIdFrom(certificate: DetailedPeerCertificate): CertificateId {
  const known = authorityIds.get(certificate.fingerprint256);
  if (known !== undefined) return known;
  if (authorityIds.size >= authorityIdsMax) authorityIds.clear();
  const id = idFrom(certificate);
  authorityIds.set(certificate.fingerprint256, id);
  return id;
}

const subjectText = ({ subject }: DetailedPeerCertificate): string =>
  Object.entries(subject)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
