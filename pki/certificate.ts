// Reading certificates: Node's own parser (OpenSSL), which loads nothing and did not write them.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { PkiError } from './errors.js';
import { publicKeyDer } from './keys.js';
import { checkName, type NameKind, type SubjectName } from './names.js';
import type { ExtendedUsage } from './profiles.js';

/** What a certificate says, as plain data. */
export interface Certificate {
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly commonName: string;
  readonly organization: string | undefined;
  readonly issuer: string;
  /** Normalised; a name that we would refuse stands in `otherNames` as it is. */
  readonly names: readonly SubjectName[];
  readonly otherNames: readonly string[];
  readonly extendedUsages: readonly ExtendedUsage[];
  readonly isAuthority: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256 of the DER form, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly pem: string;
}

const extendedUsageNames: Readonly<Record<string, ExtendedUsage>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
};

/** One name as Node prints it: OpenSSL's label, and the value, as a JSON string where it could be misread. */
const printedName = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g;
const kindsByLabel: Readonly<Record<string, NameKind>> = { DNS: 'dns', 'IP Address': 'ip', email: 'email', URI: 'uri' };

/** @throws PkiError `certificate-unreadable`; `where` says which certificate. The first one of a bundle is read. */
export function parseCertificate(pem: string | Buffer, where: string): Certificate {
  const x509 = openCertificate(pem, where);
  const subject = fieldsOf(x509.subject);
  const usages = x509.keyUsage ?? [];
  return {
    serial: x509.serialNumber.toLowerCase(),
    commonName: subject.get('CN') ?? '',
    organization: subject.get('O'),
    issuer: fieldsOf(x509.issuer).get('CN') ?? '',
    ...namesOf(x509.subjectAltName ?? ''),
    extendedUsages: usages.flatMap((oid) => extendedUsageNames[oid] ?? []),
    isAuthority: x509.ca,
    notBefore: new Date(x509.validFrom),
    notAfter: new Date(x509.validTo),
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    pem: x509.toString(),
  };
}

/** Those that were opened last: of a chain every certificate is asked again and again, and to read it is what takes time. */
const opened = new Map<string, X509Certificate>();
const openedMax = 256;

/** The same as Node's object, for what plain data can't answer: signatures and keys. */
export function openCertificate(pem: string | Buffer, where: string): X509Certificate {
  const known = typeof pem === 'string' ? opened.get(pem) : undefined;
  if (known !== undefined) return known;
  const certificate = readX509(pem, where);
  if (typeof pem !== 'string') return certificate;
  if (opened.size >= openedMax) opened.clear();
  opened.set(pem, certificate);
  return certificate;
}

function readX509(pem: string | Buffer, where: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const hint = 'a certificate in PEM begins with -----BEGIN CERTIFICATE-----';
    throw new PkiError(
      'certificate-unreadable',
      `${where} holds no certificate that can be read`,
      { where },
      { hint, cause },
    );
  }
}

/**
 * One `KEY=value` a line; a line break inside a value is escaped by OpenSSL, so lines are a safe border. Of an empty
 * subject Node gives undefined, whatever its types say.
 */
function fieldsOf(printed: string | undefined): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of printed?.split('\n') ?? []) {
    const border = line.indexOf('=');
    if (border > 0) fields.set(line.slice(0, border), unescapeField(line.slice(border + 1)));
  }
  return fields;
}

/** RFC 2253 2.4: `\,` is a comma, `\0A` an octet. */
function unescapeField(value: string): string {
  return value.replace(/\\([0-9A-F]{2})|\\(.)/gi, (_, octet: string | undefined, plain: string | undefined) =>
    octet === undefined ? (plain ?? '') : String.fromCharCode(Number.parseInt(octet, 16)),
  );
}

function namesOf(printed: string): { names: SubjectName[]; otherNames: string[] } {
  const names: SubjectName[] = [];
  const otherNames: string[] = [];
  for (const [whole, label = '', value = ''] of printed.matchAll(printedName)) {
    const verdict = checkName(value.startsWith('"') ? String(JSON.parse(value)) : value);
    if (verdict.accepted && verdict.name.kind === kindsByLabel[label]) names.push(verdict.name);
    else otherNames.push(whole.replace(/, $/, ''));
  }
  return { names, otherNames };
}

/** Whether `ca` signed `leaf`: the names fit and the signature holds. Not with a key or in a way that OpenSSL does not know. */
export function signedBy(leaf: Pick<Certificate, 'pem'>, ca: Pick<Certificate, 'pem'>): boolean {
  const issuer = openCertificate(ca.pem, 'the authority');
  const subject = openCertificate(leaf.pem, 'the certificate');
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/**
 * Whether the public key is the one that the certificate is for. Not by `KeyObject.equals`: for keys of two types it leaves
 * an error in OpenSSL's queue, which the next reading of a key, anywhere, then fails with.
 */
export const isKeyOf = (publicKey: KeyObject, { pem }: Pick<Certificate, 'pem'>): boolean =>
  publicKeyDer(openCertificate(pem, 'the certificate').publicKey).equals(publicKeyDer(publicKey));
