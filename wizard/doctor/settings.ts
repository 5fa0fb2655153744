import { parseDocument } from 'yaml';
import { isLoopback } from '../plan/address.js';
import type { Release } from '../run/engine.js';
import { type Diagnosis, error, warning } from './diagnosis.js';

// Units, manifests, environment files, configurations and shell lines that somebody wrote for etcd, by the settings in them.

/** By etcd's name of the flag: `advertise-client-urls`. */
export type Settings = ReadonlyMap<string, string>;

const word = String.raw`"[^"\n]*"|'[^'\n]*'|[^\s"'\\,\]]+(?:,[^\s"'\\\]]+)*`;
const flagPattern = new RegExp(
  String.raw`(?:^|[\s"'[,])--([a-z][a-z0-9-]+)(?:(?:=|["']?,?\s+["']?)(?!--)(${word}))?`,
  'g',
);
const variablePattern = new RegExp(String.raw`ETCD_([A-Z0-9_]+)\s*=\s*(${word})`, 'g');
const podVariablePattern = new RegExp(String.raw`name:\s*["']?ETCD_([A-Z0-9_]+)["']?\s*\n\s*value:\s*(${word})`, 'g');
const configPattern = new RegExp(String.raw`^([a-z][a-z-]+):[ \t]*(${word})[ \t]*$`, 'gm');

const bare = (value: string | undefined): string => (value ?? 'true').replace(/^["']|["']$/g, '');
const flagOf = (variable: string): string => variable.toLowerCase().replaceAll('_', '-');

/** As they stand in any kind of file; the first of each counts. Comments are left out. */
export function settingsIn(text: string): Settings {
  const lines = text.replace(/^\s*(#|;|\/\/).*$/gm, '').replace(/\\\n/g, ' ');
  const found = new Map<string, string>();
  const take = (name: string, value: string | undefined): void => {
    if (!found.has(name)) found.set(name, bare(value));
  };
  for (const [, name = '', value] of lines.matchAll(flagPattern)) take(name, value);
  for (const pattern of [variablePattern, podVariablePattern])
    for (const [, name = '', value] of lines.matchAll(pattern)) take(flagOf(name), value);
  if (found.size === 0) for (const [name, value] of configured(lines)) take(name, value);
  return found;
}

/** etcd's own configuration file: YAML whose keys are flags, but for TLS, which has two sections. */
function configured(text: string): (readonly [name: string, value: string | undefined])[] {
  const found = [...text.matchAll(configPattern)].map(([, name = '', value]) => [name, value] as const);
  const sections = [
    ['client-transport-security', ''],
    ['peer-transport-security', 'peer-'],
  ] as const;
  const whole = sections.some(([section]) => text.includes(section)) ? parsed(text) : {};
  const inSections = sections.flatMap(([section, prefix]) =>
    Object.entries(fieldsOf(whole[section])).flatMap(([name, value]) =>
      ['string', 'number', 'boolean'].includes(typeof value) && value !== ''
        ? [[prefix + name, String(value)] as const]
        : [],
    ),
  );
  return [...found.filter(([name]) => !sections.some(([section]) => section === name)), ...inSections];
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** Nothing where it is no YAML: then it is no configuration. */
function parsed(text: string): Readonly<Record<string, unknown>> {
  const document = parseDocument(text);
  return document.errors.length > 0 ? {} : fieldsOf(document.toJS({ maxAliasCount: 100 }));
}

const isOn = (value: string | undefined): boolean => value !== undefined && value !== 'false';
export const urlsOf = (value: string | undefined): string[] => value?.split(',').map((url) => url.trim()) ?? [];
export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '');

const isFrom = ([major, minor]: Release, [sinceMajor, sinceMinor]: Release): boolean =>
  major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);

/** @param here the etcd of this machine; undefined where there is none */
type Rule = (settings: Settings, where: string, text: string, here: Release | undefined) => readonly Diagnosis[];

const urls: Rule = (settings, where) => {
  const advertised = ['advertise-client-urls', 'initial-advertise-peer-urls'] as const;
  const members = urlsOf(settings.get('initial-cluster'));
  const isAlone = members.every((member) => isLoopback(hostOf(member.replace(/^[^=]*=/, ''))));
  const dead = advertised.flatMap((flag) =>
    urlsOf(settings.get(flag))
      .filter((url) => ['0.0.0.0', '::'].includes(hostOf(url)) || (!isAlone && isLoopback(hostOf(url))))
      .map((url) =>
        error(
          'dead-address',
          where,
          `--${flag}=${url}`,
          'an address of its own, which its certificate has; 0.0.0.0 is for --listen-… only',
        ),
      ),
  );
  const pairs = [
    ['cert-file', ['listen-client-urls', 'advertise-client-urls']],
    ['peer-cert-file', ['listen-peer-urls', 'initial-advertise-peer-urls']],
  ] as const;
  const plain = pairs.flatMap(([certificate, flags]) =>
    flags.flatMap((flag) =>
      urlsOf(settings.get(flag))
        .filter((url) => settings.has(certificate) && url.startsWith('http:'))
        .map((url) => error('plain-url', where, `--${flag}=${url} beside --${certificate}`, `https:// in --${flag}`)),
    ),
  );
  return [...dead, ...plain];
};

const clientAuth: Rule = (settings, where) => {
  const found: Diagnosis[] = [];
  for (const prefix of ['', 'peer-']) {
    const [demands, authority] = [
      isOn(settings.get(`${prefix}client-cert-auth`)),
      settings.has(`${prefix}trusted-ca-file`),
    ];
    const both = `both --${prefix}client-cert-auth and --${prefix}trusted-ca-file`;
    if (demands && !authority)
      found.push(
        error('authority-missing', where, `--${prefix}client-cert-auth without --${prefix}trusted-ca-file`, both),
      );
    if (settings.has(`${prefix}cert-file`) && !demands)
      found.push(error('client-auth-missing', where, `--${prefix}cert-file without --${prefix}client-cert-auth`, both));
  }
  const several = urlsOf(settings.get('initial-cluster')).length > 1;
  if (several && settings.has('cert-file') && !settings.has('peer-cert-file'))
    found.push(
      error(
        'peers-bare',
        where,
        'certificates for clients, and none for peers',
        'all four: --peer-cert-file, --peer-key-file, --peer-trusted-ca-file, --peer-client-cert-auth',
      ),
    );
  return found;
};

const allowed: Rule = (settings, where) => {
  const found: Diagnosis[] = [];
  for (const prefix of ['client', 'peer']) {
    const names = [`${prefix}-cert-allowed-cn`, `${prefix}-cert-allowed-hostname`];
    if (names.every((name) => settings.has(name)))
      found.push(error('flags-exclude', where, `--${names.join(' and --')}`, 'one of the two'));
  }
  if (settings.has('client-cert-allowed-hostname'))
    found.push(
      warning(
        'gateway-refused',
        where,
        '--client-cert-allowed-hostname',
        "the server's certificate with that name, or --enable-grpc-gateway=false",
      ),
    );
  return found;
};

const selfMade: Rule = (settings, where) =>
  ['auto-tls', 'peer-auto-tls']
    .filter((flag) => isOn(settings.get(flag)))
    .map((flag) => error('auto-tls', where, `--${flag}`, 'certificates of an authority of its own: quorate init'));

const metrics: Rule = (settings, where) =>
  urlsOf(settings.get('listen-metrics-urls'))
    .filter((url) => url.startsWith('https:'))
    .map((url) => warning('metrics-guarded', where, `--listen-metrics-urls=${url}`, 'http://127.0.0.1:2381'));

const discovery: Rule = (settings, where) => {
  const domain = settings.get('discovery-srv');
  if (domain === undefined) return [];
  return [
    warning(
      'srv-name',
      where,
      `--discovery-srv=${domain}`,
      `${domain} among the names of every server and peer certificate`,
    ),
  ];
};

const suites: Rule = (settings, where) => {
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

const lists: Rule = (settings, where) =>
  ['client-crl-file', 'peer-crl-file'].flatMap((flag) => {
    const path = settings.get(flag);
    return path !== undefined && /\.(pem|crl)$/.test(path)
      ? [warning('list-format', where, `--${flag}=${path}`, 'DER, which every etcd reads: pki/ca.crl.der')]
      : [];
  });

/** Since which etcd, and what to take instead. */
const gone: Readonly<Record<string, readonly [since: Release, instead: string]>> = {
  'enable-v2': [[3, 6], 'the v3 API is all there is'],
  proxy: [[3, 6], 'etcd grpc-proxy'],
  debug: [[3, 5], '--log-level=debug'],
  'log-package-levels': [[3, 5], '--log-level'],
  'log-output': [[3, 5], '--log-outputs'],
};

const deprecated: Rule = (settings, where, _, here) =>
  [...settings.keys()].flatMap((flag) => {
    const known = gone[flag];
    if (known === undefined && !flag.startsWith('experimental-')) return [];
    const [since, instead] = known ?? [[3, 6] as const, `--${flag.slice('experimental-'.length)}, or a feature gate`];
    const next = `from etcd ${since.join('.')} on ${instead}`;
    // Experimental ones are taken for a while yet.
    return known !== undefined && here !== undefined && isFrom(here, since)
      ? [error('flag-gone', where, `--${flag}, and etcd ${here.join('.')} is installed here`, next)]
      : [warning('flag-deprecated', where, `--${flag}`, next)];
  });

const placeholders: Rule = (_, where, text) =>
  [...new Set(text.match(/<[A-Z][A-Z0-9_ -]+>|\bYOUR[-_][A-Z0-9_-]+|\$\{[A-Z_]+\}(?=:\d)/g) ?? [])].map((found) =>
    error('placeholder', where, `${found} stands there`, 'what it stands for'),
  );

const isPod = (text: string): boolean => /^kind:\s*["']?Pod["']?\s*$/m.test(text);

const pods: Rule = (settings, where, text) => {
  if (!isPod(text)) return [];
  const data = settings.get('data-dir') ?? '/var/lib/etcd';
  const mounted = [...text.matchAll(/mountPath:\s*["']?([^\s"',}]+)/g)].map(([, path]) => path);
  const found: Diagnosis[] = [];
  if (!mounted.some((path) => path !== undefined && `${data}/`.startsWith(`${path}/`)))
    found.push(
      error('pod-forgets', where, `${data} is on no volume`, 'a hostPath of the type DirectoryOrCreate, mounted there'),
    );
  if (/^\s*(- )?secret:\s*$|secretName:|secretKeyRef:/m.test(text))
    found.push(error('pod-secret', where, 'it refers to a Secret', 'files on the host, 0600, by hostPath'));
  const missing = ['livenessProbe:', 'readinessProbe:', 'priorityClassName:'].filter((field) => !text.includes(field));
  if (missing.length > 0)
    found.push(
      warning(
        'pod-unwatched',
        where,
        `it has no ${missing.map((field) => field.slice(0, -1)).join(', ')}`,
        '/livez and /readyz on http://127.0.0.1:2381, system-node-critical',
      ),
    );
  return found;
};

const kubeadm: Rule = (_, where, text) =>
  /kubeadm\s+init\b[^\n]*--etcd-(servers|cafile|certfile|keyfile)/.test(text.replace(/\\\n/g, ' '))
    ? [
        error(
          'flag-unknown',
          where,
          'kubeadm init --etcd-…',
          'kubeadm init --config with etcd.external: endpoints, caFile, certFile, keyFile',
        ),
      ]
    : [];

const rules: readonly Rule[] = [
  urls,
  clientAuth,
  allowed,
  selfMade,
  metrics,
  discovery,
  suites,
  lists,
  deprecated,
  placeholders,
  pods,
  kubeadm,
];

/** What is wrong with a file's settings. @param here the etcd of this machine; undefined where there is none */
export function settingsTroubles(text: string, where: string, here?: Release): Diagnosis[] {
  const settings = settingsIn(text);
  return rules.flatMap((rule) => rule(settings, where, text, here));
}
