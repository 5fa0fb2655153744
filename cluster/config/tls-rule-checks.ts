import type { ReadFlags } from './flag-values.js';
import type { FlagName } from './flags.js';

/** What is asked of certificates, and which TLS is spoken: the flags that exclude or need one another. */
export function checkTlsRules(read: ReadFlags): void {
  checkNames(read, 'client-cert-allowed-cn', 'client-cert-allowed-hostname');
  checkNames(read, 'peer-cert-allowed-cn', 'peer-cert-allowed-hostname');
  for (const flag of ['client-crl-file', 'client-cert-allowed-cn', 'client-cert-allowed-hostname'] as const) {
    checkAsked(read, flag, 'trusted-ca-file', ['listen-client-urls', 'listen-client-http-urls', 'listen-metrics-urls']);
  }
  for (const flag of ['peer-crl-file', 'peer-cert-allowed-cn', 'peer-cert-allowed-hostname'] as const) {
    checkAsked(read, flag, 'peer-trusted-ca-file', ['listen-peer-urls']);
  }
  checkProtocol(read);
}

type Names =
  | 'client-cert-allowed-cn'
  | 'client-cert-allowed-hostname'
  | 'peer-cert-allowed-cn'
  | 'peer-cert-allowed-hostname';

function checkNames({ values, complaints }: ReadFlags, cn: Names, hostname: Names): void {
  if (values[cn].length === 0 || values[hostname].length === 0) return;
  const given = `cns=${JSON.stringify(values[cn])}, hostnames=${JSON.stringify(values[hostname])}`;
  const message = `AllowedCNs and AllowedHostnames are mutually exclusive (${given})`;
  complaints.push({ flag: `--${cn}`, message, hint: `keep --${cn} or --${hostname}` });
}

type Listening = 'listen-client-urls' | 'listen-client-http-urls' | 'listen-metrics-urls' | 'listen-peer-urls';

// etcd passes over these in silence where nobody is asked for a certificate.
function checkAsked(
  read: ReadFlags,
  flag: FlagName,
  ca: 'trusted-ca-file' | 'peer-trusted-ca-file',
  listening: readonly Listening[],
): void {
  const { values, given, complaints, warnings } = read;
  if (!given.has(flag)) return;
  if (!listening.some((name) => values[name].some(({ secure }) => secure))) {
    warnings.push(`--${flag}: scheme is HTTP, nobody shows a certificate; ignoring it`);
  } else if (values[ca] === '') {
    const hint = `name the authority that signs those certificates`;
    complaints.push({ flag: `--${ca}`, message: `--${flag} needs --${ca}`, hint });
  }
}

function checkProtocol({ values, complaints }: ReadFlags): void {
  const { 'tls-min-version': min = 'TLSv1.2', 'tls-max-version': max, 'cipher-suites': suites } = values;
  if (min === 'TLSv1.3' && max === 'TLSv1.2') {
    const message = 'min version (TLS1.3) is greater than max version (TLS1.2)';
    complaints.push({ flag: '--tls-min-version', message });
  }
  if (min === 'TLSv1.3' && suites.length > 0) {
    const message = 'cipher suites cannot be configured when only TLS1.3 is enabled';
    complaints.push({
      flag: '--cipher-suites',
      message,
      hint: 'its three suites are all good; leave --cipher-suites out',
    });
  }
}
