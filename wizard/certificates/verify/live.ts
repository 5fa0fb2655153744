import type { X509Certificate } from 'node:crypto';
import type { SecureVersion } from 'node:tls';
import {
  type Certificate,
  type Expected,
  type Finding,
  type FindingCode,
  parseServed,
  type ReadList,
  type Register,
  servedFindings,
} from '#pki';
import { type Answer, ask, type Credentials, type Endpoint, type Handshake, shake } from './handshake.js';

// What an endpoint presents and demands.

export interface LiveTarget extends Expected {
  readonly endpoint: Endpoint;
  readonly title: string;
  /** To sign in with; what takes a certificate is not seen without. */
  readonly credentials: Credentials | undefined;
  /** What the plan's file holds: the leaf that should be served. */
  readonly filed?: { readonly path: string; readonly fingerprint: string } | undefined;
}

export interface LiveOptions {
  readonly trusted: readonly Certificate[];
  readonly caPath: string;
  readonly list: ReadList | undefined;
  readonly register: Register | undefined;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

const versions: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const oldVersions: readonly string[] = ['TLSv1', 'TLSv1.1'];

/** HOST:PORT */
export const endpointText = ({ host, port }: Endpoint): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const finding = (
  severity: Finding['severity'],
  path: string,
  code: FindingCode,
  message: string,
  hint: string,
): Finding => ({ severity, path, code, message, hint });

/** Everything that is seen from outside. Some connections one after the other, none of them longer than five seconds. */
export async function inspectEndpoint(target: LiveTarget, options: LiveOptions): Promise<Finding[]> {
  const { endpoint, credentials } = target;
  const { signal } = options;
  const path = endpointText(endpoint);
  const first = await shake({ endpoint, credentials, signal });
  if (first.chain.length === 0) return [unreachable(path, first.error)];
  const spoken = await spokenVersions(target, signal);
  const [nameless, named] = [
    await ask({ endpoint, signal }),
    credentials === undefined ? undefined : await ask({ endpoint, credentials, signal }),
  ];
  const findings = [
    ...presented(first, target, options),
    ...versionFindings(path, spoken),
    ...demandFindings(path, nameless, named),
    ...clockFindings(path, named ?? nameless),
  ];
  if (findings.length > 0) return findings;
  const message = `${spoken.join(', ')}; certificates are demanded`;
  return [{ code: 'valid', severity: 'info', message, path }];
}

function unreachable(path: string, error: Handshake['error']): Finding {
  if (/wrong version number|packet length too long|http request/i.test(error?.message ?? '')) {
    const hint = 'start it with certificates and https:// URLs: with http:// they are ignored';
    return finding('error', path, 'no-tls', 'what answers there speaks no TLS', hint);
  }
  return finding(
    'error',
    path,
    'unreachable',
    reasonOf(error),
    'is it running, and is this its address? quorate status',
  );
}

const reasonOf = (error: Handshake['error']): string => {
  const { code = '', message = '' } = error ?? {};
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'its name is not known here',
    EHOSTUNREACH: 'there is no way to it from here',
    ENETUNREACH: 'there is no way to it from here',
    ECONNRESET: 'it closes the connection in the handshake',
  };
  return known[code] ?? (code === 'ETIMEDOUT' ? message || 'it does not answer' : `${code} ${message}`.trim());
};

function presented({ chain }: Handshake, target: LiveTarget, options: LiveOptions): Finding[] {
  const { endpoint, filed } = target;
  const path = endpointText(endpoint);
  const [leaf, ...rest] = parseServed(
    chain.map(({ raw }) => raw),
    path,
  );
  // OpenSSL, so every server in Node, adds the root that it trusts by itself.
  const roots = options.trusted.map(({ fingerprint }) => fingerprint);
  const served = [leaf, ...rest.filter(({ fingerprint }) => !roots.includes(fingerprint))] as const;
  const chained = { served, path, trusted: options.trusted, caPath: options.caPath, now: options.now() };
  const findings = servedFindings(chained, { ...target, list: options.list, register: options.register });
  const [opened] = chain;
  if (opened !== undefined && !answersTo(opened, endpoint.host)) {
    const message = `it was reached at ${endpoint.host}, which its certificate does not have`;
    findings.push(finding('error', path, 'names-missing', message, 'issue its certificate again with that name'));
  }
  if (filed !== undefined && filed.fingerprint !== leaf.fingerprint) {
    const message = `it serves another certificate (serial ${leaf.serial}) than ${filed.path} holds`;
    const hint = 'bring the file to its host; etcd and members of ours read it again by themselves';
    findings.push(finding('warning', path, 'served-differs', message, hint));
  }
  return findings;
}

const answersTo = (certificate: X509Certificate, host: string): boolean =>
  (/^[\d.]+$|:/.test(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;

/** Those with which the other side comes as far as its certificate. */
async function spokenVersions({ endpoint, credentials }: LiveTarget, signal: AbortSignal): Promise<string[]> {
  const spoken: string[] = [];
  for (const version of versions) {
    const { chain } = await shake({ endpoint, credentials, version, signal });
    if (chain.length > 0) spoken.push(version);
  }
  return spoken;
}

function versionFindings(path: string, spoken: readonly string[]): Finding[] {
  const old = spoken.filter((version) => oldVersions.includes(version));
  const findings: Finding[] = [];
  if (old.length > 0) {
    const message = `it speaks ${old.join(' and ')}`;
    findings.push(
      finding('error', path, 'old-protocol', message, 'raise its lowest version: --tls-min-version=TLS1.2'),
    );
  }
  if (!spoken.includes('TLSv1.3')) {
    const hint = 'let it speak TLS 1.3, too (--tls-max-version, --cipher-suites), or bring it up to date';
    findings.push(finding('warning', path, 'old-protocol', 'it does not speak TLS 1.3', hint));
  }
  return findings;
}

function demandFindings(path: string, nameless: Answer, named: Answer | undefined): Finding[] {
  const findings: Finding[] = [];
  if (nameless.error === undefined) {
    const hint = 'start it with --client-cert-auth and --trusted-ca-file (peers: --peer-client-cert-auth)';
    findings.push(finding('error', path, 'nameless-let-in', 'it answers those who have no certificate', hint));
  }
  if (named?.error !== undefined) {
    const message = `it refuses the certificate that this was asked with: ${reasonOf(named.error)}`;
    findings.push(
      finding('error', path, 'refused', message, 'quorate cert verify looks at that certificate; its own log says why'),
    );
  }
  return findings;
}

const clockWarnMs = 60_000;
/** Certificates begin five minutes before they are issued. */
const clockErrorMs = 300_000;

function clockFindings(path: string, { clock }: Answer): Finding[] {
  if (clock === undefined) return [];
  const difference = clock.theirs - clock.ours;
  if (Math.abs(difference) < clockWarnMs) return [];
  const severity = Math.abs(difference) < clockErrorMs ? 'warning' : 'error';
  const seconds = Math.round(Math.abs(difference) / 1000);
  const message = `its clock is ${seconds} seconds ${difference < 0 ? 'behind' : 'ahead of'} this machine's`;
  return [finding(severity, path, 'clock-differs', message, 'let both keep time by NTP: timedatectl set-ntp true')];
}
