// The list of what was revoked before its time (RFC 5280 5).
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  Extension as Asn1Extension,
  CertificateList,
  CRLNumber,
  CRLReason,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  RevokedCertificate,
  Time,
} from '@peculiar/asn1-x509';
import type { Extension } from '@peculiar/x509';
import { toPem } from '../pem.js';
import { type RevocationReason, reasonCodes } from '../revocation-reasons.js';
import type { Signer } from './signer.js';
import { x509 } from './x509.js';

/** One certificate that is no longer good. */
export interface Revocation {
  readonly serial: string;
  readonly revokedAt: Date;
  readonly reason: RevocationReason;
}

/** From when on a list holds, and when the next one is due. */
export interface Updates {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

/** Both forms, as etcd up to 3.5 reads PEM and from 3.6 on DER only. */
export interface RevocationList {
  readonly pem: string;
  readonly der: Uint8Array;
}

/**
 * A list's number rises with each one (RFC 5280 5.2.3). It stays current until the authority itself expires: a verifier
 * that finds an overdue list refuses every handshake, and an authority that is kept offline has nobody to renew lists.
 * @param number at most 2^53 - 1
 */
export async function revocationListOf(
  signer: Signer,
  revocations: readonly Revocation[],
  number: number,
  { thisUpdate, nextUpdate }: Updates,
): Promise<RevocationList> {
  const empty = await x509.X509CrlGenerator.create(
    {
      issuer: signer.certificate.subjectName,
      thisUpdate: wholeSeconds(thisUpdate),
      nextUpdate: wholeSeconds(nextUpdate),
      extensions: [signer.authorityKeyId, crlNumber(number)],
      signingKey: signer.key,
      signingAlgorithm: signer.algorithm,
    },
    signer.crypto,
  );
  const der = revocations.length === 0 ? new Uint8Array(empty.rawData) : filled(empty.rawData, revocations, signer);
  // The library's own PEM says `BEGIN CRL`, which OpenSSL refuses (RFC 7468 6).
  return { der, pem: toPem('X509 CRL', der) };
}

/**
 * The list with its entries, signed again. The generator would write a list of extensions without any in it for those that have
 * no reason, which there may not be (RFC 5280 5.1), and compares each serial with all before it.
 */
function filled(empty: ArrayBuffer, revocations: readonly Revocation[], signer: Signer): Uint8Array {
  const list = AsnConvert.parse(empty, CertificateList);
  list.tbsCertList.revokedCertificates = revocations.map(entryOf);
  const signature = signer.sign(Buffer.from(AsnConvert.serialize(list.tbsCertList)));
  list.signature = new Uint8Array(signature).buffer;
  return new Uint8Array(AsnConvert.serialize(list));
}

/** No reason rather than `unspecified` (RFC 5280 5.3.1). */
function entryOf({ serial, revokedAt, reason }: Revocation): RevokedCertificate {
  const octets = Buffer.from(serial.replace(/^(00)+(?=.)/, ''), 'hex');
  // Of an authority that was taken over: ours leave the sign bit free.
  const userCertificate = new Uint8Array((octets[0] ?? 0) & 0x80 ? [0, ...octets] : octets).buffer;
  const entry = new RevokedCertificate({ userCertificate, revocationDate: new Time(wholeSeconds(revokedAt)) });
  if (reason === 'unspecified') return entry;
  const extnValue = new OctetString(AsnConvert.serialize(new CRLReason(reasonCodes[reason])));
  entry.crlEntryExtensions = [new Asn1Extension({ extnID: id_ce_cRLReasons, critical: false, extnValue })];
  return entry;
}

const wholeSeconds = (time: Date): Date => new Date(Math.floor(time.getTime() / 1000) * 1000);

const crlNumber = (number: number): Extension =>
  new x509.Extension(id_ce_cRLNumber, false, AsnConvert.serialize(new CRLNumber(number)));
