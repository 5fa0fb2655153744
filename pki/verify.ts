// What is wrong with certificates and keys that are there, as findings: each says what, and what to do about it.
import { type Certificate, openCertificate, parseCertificate, signedBy } from './certificate.js';
import { PkiError } from './errors.js';
import { modeOf, readText } from './files.js';
import type { KeyPairPaths } from './key-pair.js';
import { keyFromPem } from './keys.js';

export type FindingCode =
  | 'certificate-missing'
  | 'certificate-unreadable'
  | 'key-missing'
  | 'key-unreadable'
  | 'key-mismatch'
  | 'key-exposed'
  | 'authority-unreadable'
  | 'wrong-authority'
  | 'authority-expired'
  | 'expired'
  | 'not-yet-valid'
  | 'expires-soon'
  | 'no-names'
  | 'valid';

export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly hint?: string;
  readonly path: string;
  /** Whole days until notAfter, where that is what the finding is about. Negative once it has passed. */
  readonly daysLeft?: number;
}

const dayMs = 86_400_000;
const warnDays = 30;

export const daysLeft = ({ notAfter }: Pick<Certificate, 'notAfter'>, now: Date): number =>
  Math.floor((notAfter.getTime() - now.getTime()) / dayMs);

/** @throws PkiError `file-missing`, `certificate-unreadable`… */
export async function readCertificate(path: string): Promise<Certificate> {
  return parseCertificate(await readText(path), path);
}

export interface InspectOptions extends KeyPairPaths {
  /** The authority's certificate. */
  readonly ca: string;
  readonly now: Date;
}

/** Everything that is wrong with a key pair on disk; when nothing is, the days that it has left. Never throws for a finding. */
export async function inspectKeyPair({ certificate, key, ca, now }: InspectOptions): Promise<Finding[]> {
  const [leaf, authority] = await Promise.all([attempt(certificate), attempt(ca)]);
  const findings: Finding[] = [];
  if (leaf instanceof PkiError) findings.push(unreadable(leaf, certificate, 'certificate'));
  if (authority instanceof PkiError) findings.push(unreadable(authority, ca, 'authority'));
  if (!(leaf instanceof PkiError)) findings.push(...leafFindings(leaf, certificate, now));
  if (!(leaf instanceof PkiError || authority instanceof PkiError)) {
    findings.push(...authorityFindings(leaf, authority, certificate, ca, now));
  }
  findings.push(...(await keyFindings(leaf instanceof PkiError ? undefined : leaf, key)));
  if (findings.length > 0 || leaf instanceof PkiError) return findings;
  const left = daysLeft(leaf, now);
  return [
    { code: 'valid', severity: 'info', message: `valid for ${left} more days`, path: certificate, daysLeft: left },
  ];
}

async function attempt(path: string): Promise<Certificate | PkiError> {
  try {
    return await readCertificate(path);
  } catch (error) {
    if (error instanceof PkiError) return error;
    throw error;
  }
}

function unreadable(error: PkiError, path: string, what: 'certificate' | 'key' | 'authority'): Finding {
  const missing = error.code === 'file-missing' && what !== 'authority';
  const code = missing ? (`${what}-missing` as const) : (`${what}-unreadable` as const);
  return {
    code,
    severity: 'error',
    message: error.message,
    path,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

function leafFindings(leaf: Certificate, path: string, now: Date): Finding[] {
  const findings: Finding[] = [];
  const left = daysLeft(leaf, now);
  const at = { path, daysLeft: left };
  if (now >= leaf.notAfter) {
    const hint = 'issue it again: quorate cert renew';
    findings.push({
      ...at,
      code: 'expired',
      severity: 'error',
      message: `expired at ${leaf.notAfter.toISOString()}`,
      hint,
    });
  } else if (left < warnDays) {
    const hint = 'renew it before that: quorate cert renew';
    findings.push({ ...at, code: 'expires-soon', severity: 'warning', message: `expires in ${left} days`, hint });
  }
  if (now < leaf.notBefore) {
    const message = `not valid before ${leaf.notBefore.toISOString()}, and the clock says ${now.toISOString()}`;
    findings.push({ path, code: 'not-yet-valid', severity: 'error', message, hint: 'set the clock of this machine' });
  }
  if (leaf.extendedUsages.includes('serverAuth') && leaf.names.length + leaf.otherNames.length === 0) {
    const hint = 'issue it again with the names and addresses that it is dialled by';
    const message = 'it has no subject alternative names: every client refuses it, whatever its CN';
    findings.push({ path, code: 'no-names', severity: 'error', message, hint });
  }
  return findings;
}

function authorityFindings(leaf: Certificate, ca: Certificate, path: string, caPath: string, now: Date): Finding[] {
  const findings: Finding[] = [];
  if (!signedBy(leaf, ca)) {
    const message = `${ca.commonName} of ${caPath} did not sign it; it says ${leaf.issuer}`;
    const hint = 'use the ca.crt of the authority that signed it, or issue it again from this one';
    findings.push({ path, code: 'wrong-authority', severity: 'error', message, hint });
  }
  if (now >= ca.notAfter) {
    const message = `the authority ${ca.commonName} expired at ${ca.notAfter.toISOString()}`;
    const hint = 'replace the authority: quorate cert rotate-ca';
    findings.push({ path: caPath, code: 'authority-expired', severity: 'error', message, hint });
  }
  return findings;
}

async function keyFindings(leaf: Certificate | undefined, path: string): Promise<Finding[]> {
  try {
    const key = keyFromPem(await readText(path), path);
    const findings: Finding[] = [];
    if (leaf !== undefined && !openCertificate(leaf.pem, 'the certificate').checkPrivateKey(key)) {
      const hint = 'put the key and the certificate of one issue together, or issue again';
      findings.push({
        path,
        code: 'key-mismatch',
        severity: 'error',
        message: 'it is not the key of the certificate',
        hint,
      });
    }
    const mode = (await modeOf(path)) ?? 0;
    if (mode & 0o077) {
      const message = `others may read the key (mode ${mode.toString(8)})`;
      findings.push({ path, code: 'key-exposed', severity: 'warning', message, hint: `chmod 600 ${path}` });
    }
    return findings;
  } catch (error) {
    if (error instanceof PkiError) return [unreadable(error, path, 'key')];
    throw error;
  }
}
