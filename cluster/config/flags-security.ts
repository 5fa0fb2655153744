import { type AuthToken, parseAuthToken } from './auth-token.js';
import { boolean, choice, type Flag, file, list, refused, text, whole } from './flag-kinds.js';
import { ciphers, tlsVersion } from './flag-kinds-tls.js';

/** TLS for clients. */
export const clientTlsFlags = {
  'cert-file': file('certificate for clients to see, PEM'),
  'key-file': file('its key, PEM'),
  'client-cert-auth': boolean(false, 'require client certificates and take the user from their CN'),
  'trusted-ca-file': file('authorities that sign client certificates, PEM; given alone it requires certificates too'),
  'client-crl-file': file('client certificates that are revoked, PEM or DER; takes effect at once when it changes'),
  'client-cert-allowed-hostname': list('', 'NAME,…', 'client certificates must name one of these as SAN'),
  'client-cert-allowed-cn': list(
    '',
    'NAME,…',
    'client certificates must have one of these as CN (allowed-cn in a file)',
  ),
  'auto-tls': refused(
    'false',
    '',
    'certificates that a member makes for itself prove nothing, and are used on when they have expired',
    'let `quorate init` issue them, and give --cert-file, --key-file and --trusted-ca-file',
  ),
} as const satisfies Record<string, Flag<unknown>>;

/** TLS between members. */
export const peerTlsFlags = {
  'peer-cert-file': file('certificate for the other members to see, both ways, PEM'),
  'peer-key-file': file('its key, PEM'),
  'peer-client-cert-auth': boolean(false, 'require certificates of other members; always so with https peer URLs'),
  'peer-trusted-ca-file': file("authorities that sign members' certificates, PEM"),
  'peer-client-cert-file': file(
    'certificate to show to members that this one connects to; that of the peers if not given',
  ),
  'peer-client-key-file': file('its key, PEM'),
  'peer-crl-file': file("members' certificates that are revoked, PEM or DER; takes effect at once when it changes"),
  'peer-cert-allowed-cn': list('', 'NAME,…', "members' certificates must have one of these as CN"),
  'peer-cert-allowed-hostname': list('', 'NAME,…', "members' certificates must name one of these as SAN"),
  'peer-skip-client-san-verification': boolean(
    false,
    'let members connect from addresses that their certificates do not name',
  ),
  'peer-auto-tls': refused(
    'false',
    '',
    'with certificates that members make for themselves anybody who reaches the port is a member',
    'let `quorate init` issue them, and give --peer-cert-file, --peer-key-file and --peer-trusted-ca-file',
  ),
} as const satisfies Record<string, Flag<unknown>>;

const authToken: Flag<AuthToken> = {
  parse: parseAuthToken,
  fallback: { kind: 'simple' },
  standard: 'simple',
  placeholder: 'simple|jwt,…',
  description:
    'how tokens are made: kept by every member, or signed (jwt,sign-method=…,priv-key=FILE,pub-key=FILE,ttl=5m)',
};

/** TLS for both. */
export const tlsFlags = {
  'tls-min-version': tlsVersion('TLS1.2', 'the oldest TLS that is spoken'),
  'tls-max-version': tlsVersion('', 'the newest TLS that is spoken; the newest there is if not given'),
  'cipher-suites': ciphers('suites for TLS in order of preference, by the names of Go and IANA'),
} as const satisfies Record<string, Flag<unknown>>;

export const authFlags = {
  'auth-token': authToken,
  'auth-token-ttl': whole(300, 1, 86_400 * 365, 'seconds that a token lives after its last use'),
  'bcrypt-cost': whole(10, 4, 31, 'rounds of password hashing, as a power of 2'),
} as const satisfies Record<string, Flag<unknown>>;

/** HTTP for browsers and scripts. */
export const httpFlags = {
  'enable-grpc-gateway': boolean(true, 'answer JSON under /v3/'),
  cors: list('*', 'ORIGIN,…', 'origins whose pages may read answers; * is all'),
  'host-whitelist': list('*', 'HOST,…', 'Host headers that are answered without TLS; * is all'),
} as const satisfies Record<string, Flag<unknown>>;

export const loggingFlags = {
  logger: choice(['zap', 'capnslog'], "structured logs, whatever etcd's older name for them"),
  'log-level': choice(['info', 'debug', 'warn', 'error', 'panic', 'fatal'], 'the least level that is written'),
  'log-format': choice(['json', 'console'], 'one JSON object a line, or text for people'),
  'log-outputs': list('default', 'PLACE,…', 'stderr (default), stdout, or files'),
  'enable-log-rotation': boolean(false, 'begin a new file now and then; needs one file in --log-outputs'),
  'log-rotation-config-json': text(
    '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}',
    'JSON',
    'when: megabytes, days, files; 0 is no limit',
  ),
  'log-package-levels': text('', 'LEVELS', 'levels by package of etcd 3.4; there are no packages here'),
} as const satisfies Record<string, Flag<unknown>>;
