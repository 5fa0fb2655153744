import type { AllowedNames, CertificateRules } from '../transport/certificate-rules.js';
import type { TlsFiles } from '../transport/tls-files.js';
import type { TlsProtocol } from '../transport/tls-protocol.js';
import type { FlagValues } from './flags.js';

/** One side's TLS: the files, and what is asked of whoever connects. */
export interface TlsConfig {
  readonly files: TlsFiles;
  /** Whether whoever connects must show a certificate of `files.ca`. */
  readonly requireClientCertificate: boolean;
  readonly rules: CertificateRules;
  readonly protocol: TlsProtocol;
  /** What this member shows where it connects itself, if not the same; authorities and list are those of `files`. */
  readonly dialFiles?: TlsFiles;
}

/** Undefined: no https URL is listened on for clients. */
export function clientTls(values: FlagValues): TlsConfig | undefined {
  const listened = [
    ...values['listen-client-urls'],
    ...values['listen-client-http-urls'],
    ...values['listen-metrics-urls'],
  ];
  if (!listened.some(({ secure }) => secure)) return undefined;
  const trusted = { ca: values['trusted-ca-file'], crl: values['client-crl-file'] };
  const files = tlsFiles(values['cert-file'], values['key-file'], trusted);
  return {
    files,
    // As in etcd, a CA is reason enough to ask for certificates.
    requireClientCertificate: values['client-cert-auth'] || files.ca !== undefined,
    rules: allowed(values['client-cert-allowed-cn'], values['client-cert-allowed-hostname']),
    protocol: protocol(values),
  };
}

/** Undefined: no https URL is listened on for members. */
export function peerTls(values: FlagValues): TlsConfig | undefined {
  if (!values['listen-peer-urls'].some(({ secure }) => secure)) return undefined;
  const trusted = { ca: values['peer-trusted-ca-file'], crl: values['peer-crl-file'] };
  const own = values['peer-client-cert-file'];
  return {
    files: tlsFiles(values['peer-cert-file'], values['peer-key-file'], trusted),
    requireClientCertificate: true,
    rules: {
      ...allowed(values['peer-cert-allowed-cn'], values['peer-cert-allowed-hostname']),
      fromItsAddress: !values['peer-skip-client-san-verification'],
    },
    protocol: protocol(values),
    ...(own === '' ? {} : { dialFiles: tlsFiles(own, values['peer-client-key-file'], trusted) }),
  };
}

function allowed(commonNames: readonly string[], hostnames: readonly string[]): { readonly allowed?: AllowedNames } {
  if (commonNames.length > 0) return { allowed: { kind: 'common-names', names: commonNames } };
  return hostnames.length > 0 ? { allowed: { kind: 'hostnames', names: hostnames } } : {};
}

const protocol = (values: FlagValues): TlsProtocol => ({
  minVersion: values['tls-min-version'] ?? 'TLSv1.2',
  ...(values['tls-max-version'] === undefined ? {} : { maxVersion: values['tls-max-version'] }),
  cipherSuites: values['cipher-suites'],
});

const tlsFiles = (cert: string, key: string, { ca, crl }: { readonly ca: string; readonly crl: string }): TlsFiles => ({
  cert,
  key,
  ...(ca === '' ? {} : { ca }),
  ...(crl === '' ? {} : { crl }),
});
