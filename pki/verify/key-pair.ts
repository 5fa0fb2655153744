// A certificate and its key, as far as it takes to start with them.
import { readCertificates } from '../bundle.js';
import { type Certificate, parseCertificate } from '../certificate.js';
import { PkiError } from '../errors.js';
import { readText } from '../files.js';
import type { KeyPairPaths } from '../key-pair.js';
import { type ChainOptions, chainFindings, leafOf } from './chain.js';
import { nameFindings } from './content.js';
import { dateFindings, daysLeft } from './dates.js';
import type { Finding } from './finding.js';
import { keyFindings, unreadable } from './key-file.js';

/** @throws PkiError `file-missing`, `certificate-unreadable`… */
export async function readCertificate(path: string): Promise<Certificate> {
  return parseCertificate(await readText(path), path);
}

export interface InspectOptions extends KeyPairPaths {
  /** The authority's certificate, or several. */
  readonly ca: string;
  readonly now: Date;
}

/** Everything that keeps a key pair on disk from being used; when nothing does, the days that it has left. Never throws for a finding. */
export async function inspectKeyPair({ certificate, key, ca, now }: InspectOptions): Promise<Finding[]> {
  const { findings, served, trusted } = await readServed(certificate, ca);
  const leaf = served === undefined ? undefined : leafOf(served);
  if (leaf !== undefined)
    findings.push(...dateFindings(leaf, certificate, now), ...nameFindings(leaf, certificate, {}));
  if (served !== undefined && trusted !== undefined) {
    findings.push(...chainFindings({ served, path: certificate, trusted, caPath: ca, now }));
  }
  findings.push(...(await keyFindings(leaf, key)));
  return findings.length > 0 || leaf === undefined ? findings : [valid(leaf, certificate, now)];
}

export function valid(leaf: Certificate, path: string, now: Date): Finding {
  const left = daysLeft(leaf, now);
  return { code: 'valid', severity: 'info', message: `valid for ${left} more days`, path, daysLeft: left };
}

interface Served {
  readonly findings: Finding[];
  /** Undefined where it can not be read, which is among the findings then. */
  readonly served?: ChainOptions['served'];
  readonly trusted?: readonly Certificate[];
}

/** A certificate's file and its authority's. */
export async function readServed(certificate: string, ca: string): Promise<Served> {
  const [served, trusted] = await Promise.all([attempt(certificate), attempt(ca)]);
  return {
    findings: [
      ...(served instanceof PkiError ? [unreadable(served, certificate, 'certificate')] : []),
      ...(trusted instanceof PkiError ? [unreadable(trusted, ca, 'authority')] : []),
    ],
    ...(served instanceof PkiError ? {} : { served }),
    ...(trusted instanceof PkiError ? {} : { trusted }),
  };
}

async function attempt(path: string): Promise<ChainOptions['served'] | PkiError> {
  try {
    return await readCertificates(path);
  } catch (error) {
    if (error instanceof PkiError) return error;
    throw error;
  }
}
