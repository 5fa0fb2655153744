/** A section's keys, and the flags that they stand for. */
export type Section = Readonly<Record<string, string>>;

/** A key that etcd takes, and that there is nothing to say about. */
export const withoutMeaning = '';

const clientTls: Section = {
  'cert-file': 'cert-file',
  'key-file': 'key-file',
  'client-cert-auth': 'client-cert-auth',
  'trusted-ca-file': 'trusted-ca-file',
  'auto-tls': 'auto-tls',
  'client-cert-file': 'client-cert-file',
  'client-key-file': 'client-key-file',
  'crl-file': 'client-crl-file',
  'allowed-cn': 'client-cert-allowed-cn',
  'allowed-hostname': 'client-cert-allowed-hostname',
  // Clients may connect from anywhere in any case.
  'skip-client-san-verification': withoutMeaning,
};

const peerTls: Section = {
  'cert-file': 'peer-cert-file',
  'key-file': 'peer-key-file',
  'client-cert-auth': 'peer-client-cert-auth',
  'trusted-ca-file': 'peer-trusted-ca-file',
  'auto-tls': 'peer-auto-tls',
  'client-cert-file': 'peer-client-cert-file',
  'client-key-file': 'peer-client-key-file',
  'crl-file': 'peer-crl-file',
  'allowed-cn': 'peer-cert-allowed-cn',
  'allowed-hostname': 'peer-cert-allowed-hostname',
  'skip-client-san-verification': 'peer-skip-client-san-verification',
};

/** The maps of a config file, as etcd has them, and `crl-file`, which it has as a flag only. */
export const sections: Readonly<Record<string, Section>> = {
  'client-transport-security': clientTls,
  'peer-transport-security': peerTls,
  'socket-options': { 'reuse-port': 'socket-reuse-port', 'reuse-address': 'socket-reuse-address' },
  'discovery-config': { token: 'discovery-token', endpoints: 'discovery-endpoints' },
};
