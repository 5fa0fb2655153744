// What stands against an authority that was made elsewhere: everything that would make its certificates worthless.
import type { KeyObject } from 'node:crypto';
import { type Certificate, isKeyOf, openCertificate } from './certificate.js';
import { type AuthorityChain, issuersOf } from './chain.js';
import { DerError, derTags, expectTag, readInside, readOid, readValue } from './der.js';
import { PkiError } from './errors.js';
import { type CertificateFields, extensionOf, readCertificateFields } from './fields/certificate.js';
import { keyReasons } from './keys.js';
import { pathLengthOf } from './verify/chain.js';
import { strengthFindings } from './verify/content.js';

export interface ForeignAuthority {
  /** What is to sign, and in any order what it is signed by, up to the root. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  /** What signs, or its public half. */
  readonly key: KeyObject;
  readonly now: Date;
}

const oids = {
  keyUsage: '2.5.29.15',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
  anyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Critical extensions that OpenSSL and Go both know what to do with (RFC 5280 4.2: others are a reason to refuse). */
const known: readonly string[] = ['2.5.29.15', '2.5.29.17', '2.5.29.19', '2.5.29.30', '2.5.29.32', '2.5.29.37'];

/**
 * The chain, once nothing stands against it.
 * @throws PkiError `authority-refused` with every reason
 */
export function acceptedChain({ certificates, key, now }: ForeignAuthority): AuthorityChain {
  const [certificate, ...others] = certificates;
  const issuers = issuersOf(certificate, others);
  const reasons = keyReasons(openCertificate(certificate.pem, certificate.commonName).publicKey);
  if (!isKeyOf(key, certificate)) reasons.push(`the key is not that of ${nameOf(certificate)}`);
  for (const [below, each] of [certificate, ...(issuers ?? [])].entries()) {
    reasons.push(...reasonsAgainst(each, below, now).map((reason) => `${nameOf(each)}: ${reason}`));
  }
  if (issuers === undefined) {
    reasons.push(
      `${nameOf(certificate)} does not lead to a root: the certificate of ${certificate.issuer} is not among these`,
    );
  }
  if (issuers !== undefined && reasons.length === 0) return { certificate, issuers };
  const hint = 'it needs CA:TRUE, keyCertSign and cRLSign, critical; with --root the certificate of the root';
  throw new PkiError('authority-refused', `this authority can't be used: ${reasons.join('; ')}`, { reasons }, { hint });
}

const nameOf = ({ commonName, serial }: Certificate): string => (commonName === '' ? `serial ${serial}` : commonName);

/** @param below how many authorities stand between it and a leaf */
function reasonsAgainst(certificate: Certificate, below: number, now: Date): string[] {
  // What signs is to have one of our own types of keys, which is asked before.
  const strength = strengthFindings(certificate, nameOf(certificate));
  const reasons = strength.filter(({ code }) => below > 0 || code !== 'weak-key').map(({ message }) => message);
  if (!certificate.isAuthority) reasons.push('it is not an authority (basicConstraints CA:TRUE)');
  if (now >= certificate.notAfter) reasons.push(`it expired at ${certificate.notAfter.toISOString()}`);
  if (now < certificate.notBefore) reasons.push(`it is not valid before ${certificate.notBefore.toISOString()}`);
  const allowed = pathLengthOf(certificate);
  if (allowed !== undefined && allowed < below) {
    reasons.push(`it allows ${allowed} authorities below itself, and there would be ${below}`);
  }
  try {
    const fields = readCertificateFields(openCertificate(certificate.pem, nameOf(certificate)).raw);
    return [...reasons, ...fieldReasons(fields, below)];
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return [...reasons, `it is not DER: ${error.message}`];
  }
}

/** keyCertSign and cRLSign: the bits 5 and 6 of the first octet (RFC 5280 4.2.1.3). */
const [certSign, crlSign] = [0x04, 0x02] as const;

function fieldReasons(fields: CertificateFields, below: number): string[] {
  const reasons = fields.version === 3 ? [] : [`it is of version ${fields.version}, and only 3 has extensions`];
  const usage = extensionOf(fields, oids.keyUsage);
  if (usage === undefined) return [...reasons, 'it has no key usage'];
  const bits = expectTag(readValue(usage.value), derTags.bitString, 'the key usage').content[1] ?? 0;
  if ((bits & certSign) === 0) reasons.push('it may not sign certificates (keyCertSign)');
  // Only the lowest signs our list.
  if (below === 0 && (bits & crlSign) === 0) reasons.push('it may not sign revocation lists (cRLSign)');
  const extended = extensionOf(fields, oids.extendedKeyUsage);
  const usages =
    extended === undefined ? undefined : readInside(readValue(extended.value), derTags.sequence, 'its usages');
  const allowed = usages?.map((each) => readOid(each, 'a usage'));
  const wanted = [oids.serverAuth, oids.clientAuth];
  if (allowed !== undefined && !allowed.includes(oids.anyUsage) && !wanted.every((each) => allowed.includes(each))) {
    reasons.push('its extended key usage leaves no room for serverAuth and clientAuth');
  }
  const unknown = (fields.extensions ?? []).filter(({ critical, oid }) => critical && !known.includes(oid));
  for (const { oid } of unknown) reasons.push(`it has a critical extension that nobody here knows: ${oid}`);
  return reasons;
}

/** Whether it says which names may stand below it: whoever verifies refuses others, whatever is issued. */
export const hasNameConstraints = ({ pem }: Certificate): boolean =>
  extensionOf(readCertificateFields(openCertificate(pem, 'it').raw), oids.nameConstraints) !== undefined;
