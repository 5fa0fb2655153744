// A revocation list, and who is on it.
import { type Certificate, openCertificate } from '../certificate.js';
import { DerError, readValue } from '../der.js';
import { PkiError } from '../errors.js';
import { extensionOf } from '../fields/certificate.js';
import { type RevocationListFields, readRevocationListFields } from '../fields/revocation-list.js';
import { readBytes } from '../files.js';
import { derOf } from '../pem.js';
import { signatureHolds } from '../signature-algorithms.js';
import { type Finding, failing } from './finding.js';

/** Some million entries. */
const listSizeMax = 67_108_864;

const reasons: readonly string[] = [
  ...['unspecified', 'keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation'],
  ...['certificateHold', '', 'removeFromCRL', 'privilegeWithdrawn', 'aACompromise'],
];

/** A list that could be read: its revocations by serial, in lower-case hexadecimal. */
export interface ReadList {
  readonly path: string;
  readonly revoked: ReadonlyMap<string, string>;
}

/** Reads a list in PEM or DER. @throws PkiError `list-unreadable`, or what the disk says */
export async function readRevocationList(path: string): Promise<RevocationListFields> {
  const bytes = await readBytes(path, listSizeMax);
  const code = 'list-unreadable';
  if (bytes.length > listSizeMax) throw new PkiError(code, `${path} has more than ${listSizeMax} bytes`, { path });
  const der = derOf(bytes, { code, what: 'revocation list', labels: ['X509 CRL', 'CRL'], where: path });
  try {
    return readRevocationListFields(der);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new PkiError(code, `${path} is no revocation list: ${cause.message}`, { path }, { cause });
  }
}

/** What is wrong with a list; who is on it when nothing keeps it from being believed. */
export async function inspectList(
  path: string,
  trusted: readonly Certificate[],
  now: Date,
): Promise<{ readonly findings: Finding[]; readonly list?: ReadList }> {
  const renew = 'make it again: quorate cert crl --renew';
  let fields: RevocationListFields;
  try {
    fields = await readRevocationList(path);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { findings: [failing(path, 'list-unreadable', error.message, renew)] };
  }
  if (!trusted.some((each) => hasSigned(each, fields))) {
    const names = trusted.map(({ commonName }) => commonName).join(', ');
    return { findings: [failing(path, 'list-forged', `${names} did not sign it`, renew)] };
  }
  const due = fields.nextUpdate?.date;
  const overdue = due !== undefined && now >= due;
  return {
    findings: overdue ? [failing(path, 'list-overdue', `a newer one was due at ${due.toISOString()}`, renew)] : [],
    list: { path, revoked: new Map((fields.revoked ?? []).map((each) => [each.serial, revocationText(each)])) },
  };
}

type Revoked = NonNullable<RevocationListFields['revoked']>[number];

function revocationText({ revokedAt, extensions }: Revoked): string {
  const reason = reasons[reasonOf(extensionOf({ extensions }, '2.5.29.21')?.value)] ?? '';
  return `${revokedAt.date?.toISOString() ?? revokedAt.text}${reason === '' ? '' : ` (${reason})`}`;
}

/** CRLReason is an ENUMERATED of one octet. */
function reasonOf(value: Buffer | undefined): number {
  if (value === undefined) return -1;
  try {
    return readValue(value).content[0] ?? -1;
  } catch {
    return -1;
  }
}

function hasSigned({ pem }: Certificate, { algorithm, signed, signature }: RevocationListFields): boolean {
  try {
    return signatureHolds(algorithm.oid, openCertificate(pem, 'the authority').publicKey, signed, signature);
  } catch {
    return false;
  }
}

export function revocationFindings({ serial }: Certificate, path: string, list: ReadList | undefined): Finding[] {
  const when = list?.revoked.get(serial);
  if (when === undefined) return [];
  return [failing(path, 'revoked', `it was revoked at ${when}, says ${list?.path}`, 'issue it again with a new key')];
}
