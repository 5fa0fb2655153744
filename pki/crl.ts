// The list of what was revoked before its time.
import type { Signer } from './signer.js';
import { x509 } from './x509.js';

/** One certificate that is no longer good. */
export interface Revocation {
  readonly serial: string;
  readonly revokedAt: Date;
}

/** Both forms, as etcd up to 3.5 reads PEM and from 3.6 on DER only. */
export interface RevocationList {
  readonly pem: string;
  readonly der: Uint8Array;
}

const crlNumberOid = '2.5.29.20';

/**
 * A list's number rises with each one (RFC 5280 5.2.3). It stays current until the authority itself expires: a verifier
 * that finds an overdue list refuses every handshake, and an authority that is kept offline has nobody to renew lists.
 * @param number at most 2^47 - 1
 */
export async function signRevocationList(
  signer: Signer,
  revocations: readonly Revocation[],
  number: number,
  now: Date,
): Promise<RevocationList> {
  const crl = await x509.X509CrlGenerator.create({
    issuer: signer.certificate.subjectName,
    thisUpdate: new Date(Math.floor(now.getTime() / 1000) * 1000),
    nextUpdate: signer.certificate.notAfter,
    entries: revocations.map(({ serial, revokedAt }) => ({ serialNumber: serial, revocationDate: revokedAt })),
    extensions: [signer.authorityKeyId, new x509.Extension(crlNumberOid, false, derInteger(number))],
    signingKey: signer.key,
    signingAlgorithm: signer.algorithm,
  });
  const der = new Uint8Array(crl.rawData);
  return { der, pem: crlPem(der) };
}

/** The generator's own PEM says `BEGIN CRL`, which OpenSSL refuses (RFC 7468 6). */
function crlPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN X509 CRL-----\n${lines.join('\n')}\n-----END X509 CRL-----\n`;
}

/** Minimal two's complement: an octet whose high bit is set needs a zero before it. */
function derInteger(value: number): Uint8Array {
  const content = Buffer.alloc(7);
  content.writeUIntBE(value, 1, 6);
  const start = content.findIndex((octet, index) => octet !== 0 || index === 6);
  const minimal = content.subarray((content[start] ?? 0) & 0x80 ? start - 1 : start);
  return Buffer.concat([Buffer.from([0x02, minimal.length]), minimal]);
}
