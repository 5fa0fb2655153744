import { type Diagnosis, error, warning } from '../diagnosis.js';
import { isOn, urlsOf } from './read.js';
import { prefixes, type Rule } from './rule.js';

const clientAuth: Rule = ({ settings, where }) =>
  prefixes.flatMap((prefix) => {
    const demands = isOn(settings.get(`${prefix}client-cert-auth`));
    const both = `both --${prefix}client-cert-auth and --${prefix}trusted-ca-file`;
    const found: Diagnosis[] = [];
    if (demands && !settings.has(`${prefix}trusted-ca-file`))
      found.push(
        error('authority-missing', where, `--${prefix}client-cert-auth without --${prefix}trusted-ca-file`, both),
      );
    if (settings.has(`${prefix}cert-file`) && !demands)
      found.push(error('client-auth-missing', where, `--${prefix}cert-file without --${prefix}client-cert-auth`, both));
    return found;
  });

const peers: Rule = ({ settings, where }) => {
  const several = urlsOf(settings.get('initial-cluster')).length > 1;
  if (!several || !settings.has('cert-file') || settings.has('peer-cert-file')) return [];
  return [
    error(
      'peers-bare',
      where,
      'certificates for clients, and none for peers',
      'all four: --peer-cert-file, --peer-key-file, --peer-trusted-ca-file, --peer-client-cert-auth',
    ),
  ];
};

const allowed: Rule = ({ settings, where }) =>
  ['client', 'peer']
    .map((side) => [`${side}-cert-allowed-cn`, `${side}-cert-allowed-hostname`])
    .filter((names) => names.every((name) => settings.has(name)))
    .map((names) => error('flags-exclude', where, `--${names.join(' and --')}`, 'one of the two'));

const gateway: Rule = ({ settings, where }) =>
  settings.has('client-cert-allowed-hostname')
    ? [
        warning(
          'gateway-refused',
          where,
          '--client-cert-allowed-hostname',
          "the server's certificate with that name, or --enable-grpc-gateway=false",
        ),
      ]
    : [];

const selfMade: Rule = ({ settings, where }) =>
  prefixes
    .map((prefix) => `${prefix}auto-tls`)
    .filter((flag) => isOn(settings.get(flag)))
    .map((flag) => error('auto-tls', where, `--${flag}`, 'certificates of an authority of its own: quorate init'));

const suites: Rule = ({ settings, where }) => {
  const named = settings.get('cipher-suites')?.split(',') ?? [];
  const isNew = (suite: string): boolean => /^TLS_(AES|CHACHA20)_/.test(suite);
  if (named.length === 0 || !named.every(isNew)) return [];
  return [
    error(
      'suites-tls13',
      where,
      `--cipher-suites=${named.join(',')}`,
      'leave it out, or name suites of TLS 1.2 that go with the key',
    ),
  ];
};

export const certificateRules: readonly Rule[] = [clientAuth, peers, allowed, gateway, selfMade, suites];
